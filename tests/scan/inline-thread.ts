/** A scan worker in this thread: it answers each job in a turn of its own, so that others get theirs. */
import type { ScanThread, ScanThreadListener } from "../../actors/scan/coordinator.ts";
import { type ScanTask, scanWork } from "../../actors/scan/work.ts";
import { answer, type Work } from "../../actors/workers/work.ts";

export class InlineThread implements ScanThread {
  finished = 0;
  private readonly tasks = new Map<number, unknown>();
  private readonly hears: ScanThreadListener;
  private calledOff = false;
  private terminated = false;

  /** It is ready when `begins` is settled. */
  constructor(hears: ScanThreadListener, begins: Promise<void> = Promise.resolve()) {
    this.hears = hears;
    void begins.then(nextTurn).then(() => hears.ready());
  }

  begin(task: number, common: object, shared: object): void {
    this.tasks.set(task, { ...common, shared });
  }

  end(task: number): void {
    this.tasks.delete(task);
  }

  run(task: number, jobs: readonly unknown[]): void {
    this.finished = 0;
    this.calledOff = false;
    void this.work(this.tasks.get(task) as ScanTask, jobs);
  }

  callOff(): void {
    this.calledOff = true;
  }

  terminate(): void {
    this.terminated = true;
  }

  private async work(task: ScanTask, jobs: readonly unknown[]): Promise<void> {
    for (const job of jobs) {
      await nextTurn();
      if (this.calledOff || this.terminated) break;
      const answers = [await answer(scanWork as Work<unknown, unknown, unknown>, task, job)];
      this.finished++;
      if (!this.terminated) this.hears.answered(answers, false);
    }
    if (!this.terminated) this.hears.answered([], true);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
