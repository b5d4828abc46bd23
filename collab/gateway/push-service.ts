/** Web Push as the gateway needs it: what keeps subscriptions and sends (collab/notify/subscriptions.ts). */
import type { PushSubscription } from "../../protocol/push-subscription.ts";

export interface PushService {
  /** What a page subscribes with. */
  readonly publicKey: string;
  /** `by`: the id of a principal. Throws for a service that is not called, and beyond a limit. */
  subscribe(by: string, subscription: PushSubscription): void;
  unsubscribe(by: string, endpoint: string): void;
  /** Who is signed in, by id, is asked from now on before anything is sent. */
  guard(isSignedIn: (by: string) => boolean): void;
  /** Ends subscriptions of those who are not signed in any more. */
  checkSignIns(): void;
}
