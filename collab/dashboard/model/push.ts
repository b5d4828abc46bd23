/**
 * Notices in this browser by Web Push: whether the gateway sends them, whether this browser gets them, and switching that on and off.
 *
 *   unsupported      off ──switch on──► the browser asks the person ──► subscribed at its push service ──► told to the gateway ──► on
 */
import { computed, signal } from "@preact/signals";
import type { Controls } from "./controls.ts";

export class Push {
  /** Null: not known yet. */
  readonly isOn = signal<boolean | null>(null);
  /** Why the last switch failed, "" when it did not. */
  readonly failure = signal("");
  /** Null where the gateway sends none, or the browser takes none. */
  readonly key = computed(() => (canPush() ? this.#controls.pushKey.value : null));
  readonly #controls: Controls;
  readonly #end: () => void;

  constructor(controls: Controls) {
    this.#controls = controls;
    this.#end = this.key.subscribe((key) => {
      if (key !== null) void this.#look();
    });
  }

  stop(): void {
    this.#end();
  }

  async switch(on: boolean): Promise<void> {
    this.failure.value = "";
    try {
      await (on ? this.#subscribe() : this.#unsubscribe());
    } catch (error) {
      this.failure.value = (error as Error).message;
    }
    await this.#look();
  }

  async #look(): Promise<void> {
    const registration = await navigator.serviceWorker.getRegistration();
    const subscription = await registration?.pushManager.getSubscription();
    this.isOn.value = subscription !== null && subscription !== undefined;
  }

  async #subscribe(): Promise<void> {
    if ((await Notification.requestPermission()) !== "granted")
      throw new Error("This browser does not allow the page to show notices");
    await navigator.serviceWorker.register("push-worker.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    const subscription = await pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: this.key.peek()!,
    });
    try {
      await this.#controls.subscribePush(subscription.toJSON());
    } catch (error) {
      await subscription.unsubscribe();
      throw error;
    }
  }

  async #unsubscribe(): Promise<void> {
    const registration = await navigator.serviceWorker.getRegistration();
    const subscription = await registration?.pushManager.getSubscription();
    if (subscription === null || subscription === undefined) return;
    const { endpoint } = subscription;
    await subscription.unsubscribe();
    await this.#controls.unsubscribePush(endpoint);
  }
}

/** Not in a page of plain HTTP from another machine, nor in a private window of some browsers. */
function canPush(): boolean {
  return isSecureContext && "serviceWorker" in navigator && "PushManager" in window;
}
