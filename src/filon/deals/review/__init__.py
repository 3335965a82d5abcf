"""The weekly clean-up of the pipeline: what is odd about open deals, and one decision each."""
