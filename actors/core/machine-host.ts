/**
 * Runs an XState machine. Only this file calls XState at run time.
 *
 * A machine is stepped as a pure function: state and event in, state and a list of actions out. XState's actor system does not run: there is
 * no interpreter, no clock, no mailbox and no process-wide id. Two runs, or two runtimes, therefore take the same steps.
 *
 * H1  Actions are returned as data, in the order in which the machine requested them.
 * H2  The constructor rejects a machine that uses a feature without support here (`after`, invoke, spawn, send, inline functions).
 * H3  A saved machine is plain JSON and continues where it was saved.
 */
import type { AnyMachineSnapshot, AnyStateMachine } from "xstate";

export interface MachineAction {
  type: string;
  params: Record<string, unknown>;
}

/** A machine's snapshot without XState: its state value and context. */
export interface SavedMachine {
  value: unknown;
  context: unknown;
}

export class MachineHost {
  private readonly machine: AnyStateMachine;
  private readonly scope: InertScope;
  private snapshot: AnyMachineSnapshot;
  private actions: MachineAction[] = [];
  /** The state and the context of the snapshot. They are fields because detectors read them for every row. */
  value!: string;
  context: unknown;
  /** True while the state has the tag "degraded": metrics are then sent less often. */
  degraded = false;

  constructor(machine: AnyStateMachine, input: Record<string, unknown>, saved?: SavedMachine) {
    refuseForeignFeatures(machine);
    this.machine = machine;
    this.scope = inertScope((type, params) => this.actions.push({ type, params }));
    this.snapshot = saved
      ? this.machine.restoreSnapshot(
          {
            status: "active",
            historyValue: {},
            children: {},
            tags: [],
            output: undefined,
            error: undefined,
            ...(saved as object),
          } as never,
          this.scope as never,
        )
      : this.machine.getInitialSnapshot(this.scope as never, input as never);
    if (this.snapshot.status === "error") throw this.snapshot.error;
    this.read();
  }

  /** Returns the pending actions and clears them. Call it after creation for the actions of the initial state. */
  takeActions(): MachineAction[] {
    const taken = this.actions;
    this.actions = [];
    return taken;
  }

  send(event: { readonly type: string }): MachineAction[] {
    const next = this.machine.transition(this.snapshot, event as never, this.scope as never);
    if (next.status === "error") throw next.error;
    this.snapshot = next;
    this.read();
    return this.takeActions();
  }

  save(): SavedMachine {
    return { value: this.value, context: this.context };
  }

  private read(): void {
    this.value = this.snapshot.value;
    this.context = this.snapshot.context;
    this.degraded = this.snapshot.hasTag("degraded" as never);
  }
}

/** The parts of XState's actor scope that a step uses. XState calls nothing else for the machines accepted here (H2). */
interface InertScope {
  self: object;
  system: { _sendInspectionEvent(): void };
  id: string;
  sessionId: string;
  logger(): void;
  defer(): void;
  emit(): void;
  stopChild(): void;
  actionExecutor(action: { type: string; params: unknown }): void;
}

function inertScope(collect: (type: string, params: Record<string, unknown>) => void): InertScope {
  return {
    self: {},
    system: { _sendInspectionEvent() {} },
    id: "",
    sessionId: "",
    logger() {},
    defer() {},
    emit() {},
    stopChild() {},
    actionExecutor(action) {
      collect(action.type, (action.params ?? {}) as Record<string, unknown>);
    },
  };
}

function refuseForeignFeatures(machine: AnyStateMachine): void {
  const { actors, delays } = machine.implementations;
  if (Object.keys(actors ?? {}).length > 0) throw new MachineRefused(machine.id, "actors");
  if (Object.keys(delays ?? {}).length > 0) throw new MachineRefused(machine.id, "delays");
  const nodes = [machine.root];
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    if (node.after.length > 0) throw new MachineRefused(machine.id, `after in ${node.id}`);
    if (node.invoke.length > 0) throw new MachineRefused(machine.id, `invoke in ${node.id}`);
    nodes.push(...Object.values(node.states));
  }
}

export class MachineRefused extends Error {
  override readonly name = "MachineRefused";
  constructor(machine: string, feature: string) {
    super(
      `Cannot host machine ${machine}: it uses ${feature}; expected named actions (announce, timer.start, timer.cancel)`,
    );
  }
}
