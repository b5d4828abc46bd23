/** The public face of the protocol: what peers, actors, gateway and tools use. The bytes themselves are described in PROTOCOL.md. */
export * from "./block.ts";
export { CLIENT_CHANNELS, CLOSE_CODES } from "./client-schemas.ts";
export { decodeAs, decodeFrameInto, decodeMessage, encodeFrame, encodeMessage, isFrame } from "./codec.ts";
export * from "./columns.ts";
export { type Envelope, readEnvelope } from "./envelope.ts";
export * from "./errors.ts";
export { createScratchFrame, type Frame, FrameBuilder, frameFits, type ScratchFrame } from "./frame.ts";
export * from "./limits.ts";
export * from "./messages.ts";
export { encodeSamples } from "./samples.ts";
export { SEVERITIES } from "./schemas.ts";
export * from "./settings.ts";
export * from "./subjects.ts";
export { PROTOCOL_VERSION } from "./versions.ts";
