"""What somebody should look at: scheduled builds, builds that failed, a build that cannot be read."""
