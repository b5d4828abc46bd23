/** The library, in a module of its own: it is loaded with the first connection, and the build can follow a static import of CommonJS only. */
import * as nats from "nats";

export { nats };
