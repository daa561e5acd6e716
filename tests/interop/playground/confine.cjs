// Loaded into the Agents Playground by --require. Left alone, it listens on every interface, looks for a cloud's
// metadata service even with its telemetry off, and outlives the process that started it.
"use strict";

const { Server, Socket } = require("node:net");

const LOOPBACK = "127.0.0.1";
const { listen } = Server.prototype;
const { connect } = Socket.prototype;

Server.prototype.listen = function (port, ...rest) {
  const everywhere = Number.isInteger(port) && typeof rest[0] !== "string";
  return everywhere ? listen.call(this, port, LOOPBACK, ...rest) : listen.call(this, port, ...rest);
};

Socket.prototype.connect = function (...args) {
  // net.connect passes its arguments on as one array, whose first item is the object of options.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (options?.path || [LOOPBACK, "localhost"].includes(options?.host)) return connect.apply(this, args);
  // Later, as the network refuses: the caller has put its error handler on by then, and what it writes waits.
  this.connecting = true;
  setImmediate(() => this.destroy(new Error(`not on this machine: ${options?.host}`)));
  return this;
};

// The parent holds the other end of standard input: it closes when the parent stops, and also when it is killed.
process.stdin.on("end", () => process.exit(0)).resume();
