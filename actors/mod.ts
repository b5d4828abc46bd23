/** The public face of actors/: what main.ts, collab/ and sim/ build on. */
export { createNatsBus, type NatsBus, type NatsOptions, type StorageUse } from "./bus/nats.ts";
export { NatsRefused } from "./bus/nats-connection.ts";
export { type NatsCredentials, type NatsTls, type ParsedNatsUrl, parseNatsUrl } from "./bus/nats-options.ts";
export { type NatsServer, startNatsServer } from "./bus/nats-server.ts";
export { StoredEntry } from "./bus/stored-entry.ts";
export { systemClock } from "./clock.ts";
export { MAX_THRESHOLDS } from "./detectors/alerts/detector.ts";
export type { RoomDocument } from "./detectors/room/document.ts";
export type { Judgement } from "./detectors/room/gate.ts";
export { inForceEffects } from "./detectors/room/in-force.ts";
export { LoggedScan, type SavedScan } from "./detectors/scans/logged-scan.ts";
export { documentEntries } from "./document-entries.ts";
export { feedHelp } from "./feeds/feed-spec.ts";
export { type RowFormat, readRows } from "./feeds/ingest-samples.ts";
export { PushedFeed } from "./feeds/pushed.ts";
export { refusalAmong } from "./feeds/refusal.ts";
export { checkSourceName, createFeed, createFeeds } from "./feeds/session-feeds.ts";
export { createMemoryJournal } from "./journal/memory.ts";
export {
  describeRecording,
  FIRST_PARTITION,
  openPartitionForWriting,
  openRecording,
  openRecordingForWriting,
  type PartitionFolder,
  partitionFolder,
  partitionFolders,
  recordedPartitions,
  type SharedSync,
  shareSync,
} from "./journal/recording.ts";
export { Breaker } from "./link/breaker.ts";
export { boundedGunzip } from "./link/inflate.ts";
export { listAlerts, mergedAlerts } from "./list-alerts.ts";
export { BlockChain, sameBytes, sha256 } from "./log/chain.ts";
export { type CoreAtOptions, coreAt, nearestCore, type StandingCore } from "./log/core-at.ts";
export {
  ChainBroken,
  damageLine,
  type JournalDamage,
  RecordingDamaged,
  type SoundEntry,
  undamaged,
} from "./log/damage.ts";
export { type FoldObserver, type FoldResult, foldJournal } from "./log/fold.ts";
export { BEGINNING, type Place, reaches } from "./log/place.ts";
export {
  blocks,
  decodeInput,
  derivedEvents,
  firstInput,
  inputs,
  inputsOf,
  type LoggedBlock,
  LoggedInput,
} from "./log/read.ts";
export { Slices } from "./log/slices.ts";
export { LogWriter, type LogWriterOptions, type WritableLog, type WrittenBlock } from "./log/writer.ts";
export { scanLogOf } from "./log-scans.ts";
export { LoggedFrame } from "./partition/delivered-frame.ts";
export type { RequestedSetting } from "./partition/opening.ts";
export { Outbox, type OutboxOptions } from "./partition/outbox.ts";
export { Partition } from "./partition/partition.ts";
export { roomIn, roomOf } from "./partition/room-of.ts";
export type { EditedDocument } from "./ports/detector.ts";
export type { Feed, FeedSink } from "./ports/feed.ts";
export type { ScanThreadListener } from "./scan/coordinator.ts";
export { QueueEnd } from "./scan/coordinator-end.ts";
export type { FollowedScan } from "./scan/followed-scan.ts";
export { ORDERS } from "./scan/order/order.ts";
export { RecordedScans } from "./scan/recorded-scans.ts";
export { parseRule } from "./scan/rules/rule.ts";
export { RuleError } from "./scan/rules/rule-error.ts";
export { RULE_VOCABULARY } from "./scan/rules/vocabulary.ts";
export type { ScanMessage, ScanStats } from "./scan/scan.ts";
export { type EndedRun, endInterrupted, loggedScans, type ScanLog } from "./scan/scan-log.ts";
export {
  SCAN_LIMITS,
  type ScanCounts,
  type ScanDesk,
  type ScanOrder,
  ScanService,
} from "./scan/service.ts";
export { isLiveUniverse, type LiveSource } from "./scan/universe/live.ts";
export { WorkerEnd } from "./scan/worker-end.ts";
export { mergedStandings, standingOf } from "./session-standing.ts";
export { SYSTEM } from "./system.ts";
export { VERSION, VERSIONS } from "./versions.ts";
