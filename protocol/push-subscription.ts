/** A browser's subscription to notices by Web Push, as `PushSubscription.toJSON` of a page gives it. */
import * as v from "valibot";

const base64url = (bytes: number) =>
  v.pipe(
    v.string(),
    v.regex(/^[\w-]+$/),
    // Four characters for three bytes, without padding.
    v.length(Math.ceil((4 * bytes) / 3)),
  );

export const pushSubscription = v.object({
  endpoint: v.pipe(v.string(), v.maxLength(2_048)),
  keys: v.object({
    /** A point of P-256, uncompressed. */
    p256dh: base64url(65),
    auth: base64url(16),
  }),
});

export type PushSubscription = v.InferOutput<typeof pushSubscription>;
