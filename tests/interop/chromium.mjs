// How the tests' browser is started: headless, and bound to this machine.
export const DEADLINE = 60_000; // milliseconds for one wait, which takes one or two thousand: it ends what hangs

export const FLAGS = [
  "--no-sandbox", // as root it starts with no other; it opens this one page
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A page may ask a content network for fonts and works without: nothing leaves this machine.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
