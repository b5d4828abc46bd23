/** The severities of events and alerts, the worst first. */
import type { Severity } from "../../../protocol/messages.ts";

export const SEVERITIES = ["critical", "warning", "notice", "info"] as const satisfies readonly Severity[];
