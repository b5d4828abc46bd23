/**
 * Every limit of the wire, the log and the core, each with the reason for its value.
 *
 * A limit is checked where bytes or calls arrive from outside, and not again after that.
 */

/** Samples in one frame: at 22 bytes a sample the largest frame stays under MAX_FRAME_BYTES. */
export const MAX_FRAME_SAMPLES = 2048;

/** Bytes of one encoded frame: one socket write, and a sixteenth of the default NATS payload. */
export const MAX_FRAME_BYTES = 65_536;

/** Channels of one group: a joint state has n² entries and its spectrum costs n³; 128 is 9 ms. */
export const MAX_GROUP_CHANNELS = 128;

/** Measures of a published state whose past is kept: an estimator has about thirty. */
export const MAX_STATE_MEASURES = 64;

/** Groups of one partition: limits actors, timers and the size of a snapshot. */
export const MAX_GROUPS = 64;

/** Inputs in one block: limits what one lost acknowledgement can delay. */
export const MAX_BLOCK_INPUTS = 256;

/** Bytes of a SHA-256, which names a block. */
export const HASH_BYTES = 32;

/** Bytes of one block: a quarter of the smallest NATS payload limit in common use (1 MiB). */
export const MAX_BLOCK_BYTES = 262_144;

/** A block is closed at this age even if more inputs arrive: the latency of a durable acknowledgement. */
export const MAX_BLOCK_AGE_MS = 5;

/**
 * The same where a block is durable as soon as it is closed (a journal in memory): nothing is gained by waiting but fewer headers. At 0.01 ms a
 * frame of 16 samples waits for one other at most, at 5 ms for all that one turn of the loop brings.
 */
export const MAX_MEMORY_BLOCK_AGE_MS = 0.01;

/** Samples between two state hashes, to which a replay that differs is narrowed: the hash is under 1 % of the work on so many. */
export const CHECKPOINT_SAMPLES = 65_536;

/** Logical time between two state hashes of a slow session, µs, if it holds CHECKPOINT_INPUTS inputs. */
export const CHECKPOINT_US = 10_000_000;

/** Least inputs between two state hashes by time: in recorded data ten seconds may pass with every input. */
export const CHECKPOINT_INPUTS = 256;

/** UTF-8 bytes of a name (session, partition, group, channel, source): legal in file names and subjects. */
export const MAX_NAME_BYTES = 128;

/** UTF-8 bytes of free text from outside (display names, details). */
export const MAX_TEXT_BYTES = 4096;

/** Bytes of one input: two of the largest fit in a block. */
export const MAX_INPUT_BYTES = 131_072;

/** Bytes of one edit of the shared document: an input with its author and connection. Hours of one person's edits without a connection fit. */
export const MAX_EDIT_BYTES = 122_880;

/** Bytes of a shared document from which on the server warns: what a page loads in a second on a slow line. */
export const LARGE_DOCUMENT_BYTES = 2_097_152;

/** Bytes of a shared document at most: what a browser still loads and keeps without a pause. Then entries can be removed, but neither added nor changed. */
export const MAX_DOCUMENT_BYTES = 8_388_608;

/** Bytes of any message that is sent: half of the smallest NATS payload limit in common use (1 MiB); a state of 128 modes takes 150 kB. */
export const MAX_MESSAGE_BYTES = 524_288;

/** Bytes of a message from a client: the longest is a subscription that names 128 channels of 128 bytes. */
export const MAX_CLIENT_MESSAGE_BYTES = 32_768;

/** Bytes of a record about a block (events, checkpoint): it stays on disk, and a burst of events must not stop the log. */
export const MAX_DERIVED_RECORD_BYTES = 4_194_304;

/** Bytes of such a record as one entry of a log that several nodes write. Written in parts of MAX_MESSAGE_BYTES; readers take it whole too. */
export const MAX_STREAM_RECORD_BYTES = 4_195_328;

/** Records that stand in one entry of such a log behind their block: its events in one to three parts, and a checkpoint. */
export const MAX_ENTRY_RECORDS = 8;

/** Partitions of one session: a heartbeat that lists them all, with names of 128 bytes, stays under MAX_MESSAGE_BYTES. */
export const MAX_PARTITIONS = 1024;

/** Roles that a node lists in its heartbeat: there are four. */
export const MAX_NODE_ROLES = 16;

/** Partitions of which a heartbeat says why they take no input: one limit of the servers mostly stops all, and the first say what to do. */
export const MAX_BLOCKED = 64;

/** Bytes of a snapshot: the registered state of MAX_GROUPS groups of 128 channels is under half of it. */
export const MAX_SNAPSHOT_BYTES = 268_435_456;

/** Depth of nested arrays and maps: our messages need 5; settings may need a few more. */
export const MAX_NESTING = 16;

/** Span of the times in one frame, µs: offsets from the first are 32 bits, 71 minutes. */
export const MAX_FRAME_SPAN_US = 4_294_967_295;

/** Dimension of a density matrix from a feed (six qubits): two float64 matrices of it fill half of MAX_INPUT_BYTES. */
export const MAX_MATRIX_DIMENSION = 64;

/** Dimension of a state vector from a feed (ten qubits): 16 KiB. */
export const MAX_VECTOR_DIMENSION = 1024;

/** Events in one record: MAX_DERIVED_RECORD_BYTES leaves 512 bytes per event. */
export const MAX_RECORD_EVENTS = 8192;

/** Parts listed in one checkpoint: 64 groups of four actors with 64 fields each. */
export const MAX_CHECKPOINT_PARTS = 16_384;

/** Bytes of one message of samples from any publisher: as much as a frame. */
export const MAX_INGEST_BYTES = MAX_FRAME_BYTES;

/** Sources that publish samples into one partition: each may have groups of its own, of which a session has MAX_GROUPS. */
export const MAX_INGEST_SOURCES = MAX_GROUPS;

/** Groups of a partition that such samples may declare: a quarter of MAX_GROUPS is left for feeds, whatever other programs send. */
export const MAX_INGEST_GROUPS = (MAX_GROUPS * 3) / 4;

/**
 * Keys of pushes that a partition remembers, so that a repeat counts once: those of three seconds at 20,000 a second, of an hour at 18. With their answers
 * they take about 20 MB.
 */
export const MAX_INGEST_KEYS = 65_536;

/** Entries of one message of presence: everybody at a large session, who are sent together to those who come. */
export const MAX_PRESENCE_ENTRIES = 4_096;
