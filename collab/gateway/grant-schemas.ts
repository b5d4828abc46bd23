/** Invitations and guests as they are kept: in a file (grants-file.ts), or as changes in a log that several gateways share. */
import * as v from "valibot";
import { ROLES } from "../../protocol/principal.ts";

const role = v.picklist(ROLES);
const key = v.pipe(v.string(), v.regex(/^[\w-]{43}$/, "32 bytes in base64url"));

const invitation = v.object({
  id: v.string(),
  session: v.string(),
  role,
  uses: v.number(),
  used: v.number(),
  endsAtMs: v.number(),
  name: v.optional(v.string()),
});

const guest = v.object({
  id: v.string(),
  name: v.string(),
  role,
  invitation: v.string(),
  session: v.string(),
  endsAtMs: v.number(),
  secretHash: v.string(),
});

export const granted = v.object({ key, invitations: v.array(invitation), guests: v.array(guest) });

const session = v.nullable(v.string());

export const grantChange = v.variant("type", [
  v.object({ type: v.literal("key"), key }),
  v.object({ type: v.literal("invited"), invitation }),
  v.object({ type: v.literal("redeemed"), guest, atMs: v.number() }),
  v.object({ type: v.literal("revoked"), id: v.string(), session }),
  v.object({ type: v.literal("role"), id: v.string(), role, session }),
]);
