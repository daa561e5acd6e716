"""One file for each thing that is fuzzed: `one_input` takes any bytes and raises when a promise is broken."""
