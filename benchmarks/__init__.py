"""Speed, memory and accuracy on real data: `python -m benchmarks NAME`."""
