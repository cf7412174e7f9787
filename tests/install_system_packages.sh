#!/bin/sh
# Installs what the tests need beside Python: Chromium for the pages, Java and Maven for a real Neo4j.
# Takes Debian's or Ubuntu's packages where it may (root, or sudo without a password). Says what is still missing.
set -u

wanted=""
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
    || [ -n "${TARGETGRAPH_TEST_CHROMIUM:-}" ] || wanted="$wanted chromium"
if [ -z "${TARGETGRAPH_TEST_NEO4J_URI:-}" ] && [ -z "${NEO4J_HOME:-}" ]; then
    command -v java >/dev/null || wanted="$wanted openjdk-17-jre-headless"
    command -v mvn >/dev/null || wanted="$wanted maven"
fi
[ -z "$wanted" ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Not installed:$wanted. The tests that need them are skipped (in CI: fail)."
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Not installed:$wanted. Install them with: sudo apt-get install$wanted"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || true
for package in $wanted; do
    $as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null \
        || echo "$package could not be installed; the tests that need it are skipped (in CI: fail)."
done
