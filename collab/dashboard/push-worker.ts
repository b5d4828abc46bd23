/**
 * Shows notices that were pushed to this browser, also while no page of the program is open. A service worker: it has nothing of the page.
 *
 *   push (decrypted by the browser) ─► notice ─press─► the page that is there, or a new one
 *
 * W1  A press opens this program's page alone, never an address that a notice names.
 */

/** What the browser offers here; the types of a page know nothing of it. */
interface Worker {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(of: {
      type: "window";
      includeUncontrolled: true;
    }): Promise<readonly { focus(): Promise<unknown> }[]>;
    openWindow(url: string): Promise<unknown>;
  };
  addEventListener(type: "push", act: (event: PushEvent) => void): void;
  addEventListener(type: "notificationclick", act: (event: ClickEvent) => void): void;
}

interface Lasting {
  waitUntil(work: Promise<unknown>): void;
}

interface PushEvent extends Lasting {
  readonly data: { json(): Pushed };
}

interface ClickEvent extends Lasting {
  readonly notification: { close(): void };
}

/** As collab/notify/push.ts sends it. */
interface Pushed {
  readonly tag: string;
  readonly session: string;
  readonly severity: string;
  readonly title: string;
}

const worker = globalThis as unknown as Worker;

worker.addEventListener("push", (event) => {
  const { tag, session, severity, title } = event.data.json();
  const requireInteraction = severity === "critical";
  const shown = { body: `${severity} · ${session}`, tag, requireInteraction, icon: "icon.svg" };
  event.waitUntil(worker.registration.showNotification(title, shown));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage());
});

async function openPage(): Promise<void> {
  const [page] = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (page === undefined) await worker.clients.openWindow(worker.registration.scope);
  else await page.focus();
}
