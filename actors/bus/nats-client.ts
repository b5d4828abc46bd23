/** The library, in a module of its own: it is loaded with the first connection, and the build can follow a static import of CommonJS only. */
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import * as nats from "nats";
import { DenoBuffer } from "nats/lib/nats-base-client/denobuffer.js";
import { Parser } from "nats/lib/nats-base-client/parser.js";
import { NodeTransport } from "nats/lib/src/node_transport.js";

export { nats };

/**
 * The library takes its listeners off a socket while it hands it from one step to the next, and before it destroys it. An error that comes
 * then is heard by nobody, which ends the program: on Deno a server that was killed, or that refused a certificate, did so. Sockets are
 * opened here instead, and keep a listener.
 */
NodeTransport.prototype.dial = ({ hostname, port }) =>
  opened(connect({ port, host: hostname, noDelay: true }), "connect");

NodeTransport.prototype.startTLS = async function (this: NodeTransport): Promise<TLSSocket> {
  // Certificates and keys are given as texts, never as names of files for the library to read.
  const given = this.options.tls as ConnectionOptions | undefined;
  return opened(connectTls({ ...given, socket: this.socket, servername: this.tlsName }), "secureConnect");
};

/** What the library keeps of a message that came in part. */
interface PartOfMessage {
  msgBuf?: DenoBuffer | undefined;
  ma: { size: number };
}

/**
 * A message that comes in several pieces, as each one of more than 64 KiB does, is gathered in a buffer that the library makes larger with each of them,
 * and copies. Here it gets one of the length that the message says.
 */
const { parse } = Parser.prototype;
Parser.prototype.parse = function (this: Parser, bytes: Uint8Array): void {
  parse.call(this, bytes);
  const { msgBuf: part, ma } = this as unknown as PartOfMessage;
  if (part === undefined || part.capacity >= ma.size) return;
  const whole = new DenoBuffer(new ArrayBuffer(ma.size));
  whole.reset();
  whole.write(part.bytes({ copy: false }));
  (this as unknown as PartOfMessage).msgBuf = whole;
};

/** Resolves with the socket when it is open. Its errors are heard at any time. */
function opened<Opened extends Socket>(socket: Opened, event: string): Promise<Opened> {
  const { removeAllListeners } = socket;
  socket.removeAllListeners = (...names) => {
    removeAllListeners.apply(socket, names);
    return socket.on("error", ignore);
  };
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the connection was closed while it was being opened")));
    socket.once(event, () => {
      socket.removeAllListeners();
      resolve(socket);
    });
  });
}

/** What is lost with the socket is told by its end. */
function ignore(): void {}
