/**
 * The commands of a workflow as a client of the session's shared document: what they can do, any `y-websocket` client can.
 *
 *   ticket of the gateway ─► shared document ─► intents ─► the room's answer ─► the run, as it changes
 */
import { WebSocket } from "ws";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Intent } from "../../protocol/room-document.ts";
import {
  nextRun,
  type RunStep,
  stateOfRun,
  type WorkflowDefinition,
  type WorkflowRun,
  waitsFor,
} from "../../protocol/workflow.ts";
import { joinSession, type SharedSession } from "../shared-session.ts";
import { askGateway, baseOf, type GatewayFlags } from "./gateway-request.ts";

export interface WorkflowFlags extends GatewayFlags {
  session?: string | undefined;
}

interface Ticket {
  readonly ticket: string;
  readonly session: string;
}

/** A step of a run that is another one than before. */
export interface StepChange {
  readonly step: string;
  readonly is: RunStep;
}

export class WorkflowClient {
  private readonly shared: SharedSession;

  static async join(flags: WorkflowFlags): Promise<WorkflowClient> {
    const { session } = flags;
    const ask = () => askGateway<Ticket>(flags, "api/tickets", session === undefined ? {} : { session });
    const first = await ask();
    const url = `${baseOf(flags.url).replace(/^http/, "ws")}collab/${encodeURIComponent(first.session)}`;
    const shared = joinSession(url, { ticket: first.ticket, WebSocket: WebSocket as never });
    // A ticket opens connections for a minute: the next connection has one of its own.
    shared.provider.on("connection-close", () => {
      ask().then(
        ({ ticket }) => {
          shared.provider.params = { ticket };
        },
        () => {},
      );
    });
    try {
      await shared.synced();
    } catch (error) {
      shared.leave();
      throw error;
    }
    return new WorkflowClient(shared);
  }

  private constructor(shared: SharedSession) {
    this.shared = shared;
  }

  leave(): void {
    this.shared.leave();
  }

  definitions(): Readonly<Record<string, WorkflowDefinition>> {
    return this.shared.all("definitions") as Record<string, WorkflowDefinition>;
  }

  runs(): Readonly<Record<string, WorkflowRun>> {
    return this.shared.all("workflows") as Record<string, WorkflowRun>;
  }

  run(id: string): WorkflowRun | undefined {
    return this.shared.get("workflows", id) as WorkflowRun | undefined;
  }

  /** Starts a run. Resolves with its name; rejects when somebody else was first. */
  async start(workflow: string, { title, steps }: WorkflowDefinition): Promise<string> {
    const run = nextRun(workflow, Object.keys(this.runs()));
    await this.ask(`start ${workflow}`, { type: "workflow.start", run, workflow, title, steps });
    return run;
  }

  /** Rejects when the room does not allow it, and with who was first. */
  async move(run: string, step: string, state: RunStep["state"], note?: string): Promise<void> {
    const intent: Intent = {
      type: "workflow.step",
      run,
      step,
      state,
      ...(note === undefined ? {} : { note }),
    };
    await this.ask(`set ${step} of ${run} to ${state}`, intent);
  }

  /** Calls `changed` with each step that is another one, in the order of the run, until nothing more can be done. Resolves with the run as it is then. */
  async follow(run: string, changed: (change: StepChange, run: WorkflowRun) => void): Promise<WorkflowRun> {
    const seen = new Map<string, string>();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const now = this.run(run);
        const { ended } = this.shared;
        if (now === undefined || ended !== null) {
          end();
          const value =
            ended === null ? "it is not there any more" : `closed with ${ended.code}: ${ended.reason}`;
          reject(new EigenwatchError({ action: `follow ${run}`, value, kind: "unavailable" }));
          return;
        }
        for (const [step, is] of Object.entries(now.steps)) {
          const text = JSON.stringify([is, waitsFor(now, step).length === 0]);
          if (seen.get(step) === text) continue;
          seen.set(step, text);
          changed({ step, is }, now);
        }
        if (stateOfRun(now) === "running") return;
        end();
        resolve(now);
      };
      const offState = this.shared.onState(() => queueMicrotask(look));
      this.shared.doc.on("update", look);
      const end = (): void => {
        offState();
        this.shared.doc.off("update", look);
      };
      look();
    });
  }

  private async ask(action: string, intent: Intent): Promise<void> {
    const refusal = await this.shared.intend(intent);
    if (refusal === null) return;
    const { found = "the room refused it", expected } = refusal;
    throw new EigenwatchError({ action, value: found, expected, kind: "conflict" });
  }
}
