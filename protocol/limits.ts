/**
 * Every limit of the wire, the log and the core, each with the reason for its value.
 *
 * A limit is checked where bytes or calls come in from outside; inside it is trusted.
 */

/** Samples in one frame: at 22 bytes a sample the largest frame stays under MAX_FRAME_BYTES. */
export const MAX_FRAME_SAMPLES = 2048;

/** Bytes of one encoded frame: fits the default NATS payload many times over, and one socket write. */
export const MAX_FRAME_BYTES = 65_536;

/** Channels of one group: a joint state has n² entries and its spectrum costs n³; 128 is 9 ms. */
export const MAX_GROUP_CHANNELS = 128;

/** Groups of one partition: bounds actors, timers and the size of a snapshot. */
export const MAX_GROUPS = 64;

/** Inputs in one block: bounds what one lost acknowledgement can delay. */
export const MAX_BLOCK_INPUTS = 256;

/** Bytes of one block: a quarter of the smallest NATS payload limit in common use (1 MiB). */
export const MAX_BLOCK_BYTES = 262_144;

/** A block is closed at this age even if inputs keep coming: latency of a durable acknowledgement. */
export const MAX_BLOCK_AGE_MS = 5;

/** Blocks between two state hashes: a replay that differs is narrowed to this many blocks. */
export const CHECKPOINT_BLOCKS = 256;

/** Length of a name (session, partition, group, channel, source) in UTF-8 bytes: file and subject names stay legal. */
export const MAX_NAME_BYTES = 128;

/** Free text from outside (display names, details) in UTF-8 bytes. */
export const MAX_TEXT_BYTES = 4096;
