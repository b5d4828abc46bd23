/**
 * The texts that people and programs carry: invitations, redeemed once per use, and tickets, which open connections for a minute.
 *
 * Both are JSON Web Tokens signed with HMAC-SHA-256 under the key of the grants: who checks them is who made them. The kind stands in
 * the header (`typ`), so that neither passes for the other; no other algorithm is taken, "none" least of all.
 */
import * as v from "valibot";
import { ROLES } from "../../protocol/principal.ts";
import type { Grants, Invitation } from "./grants.ts";

/** Loaded when somebody is invited, or comes with a ticket. */
const loadJose = () => import("jose");

const ALGORITHM = "HS256";
const INVITATION = "ew-invitation+jwt";
const TICKET = "ew-ticket+jwt";

const ticketClaims = v.object({
  aud: v.string(),
  sub: v.string(),
  name: v.string(),
  role: v.picklist(ROLES),
  /** The sign-in it was given for: it is checked again at each use. */
  grant: v.string(),
});

export type TicketClaims = v.InferOutput<typeof ticketClaims>;

export async function signInvitation({ key }: Grants, invitation: Invitation): Promise<string> {
  const { SignJWT } = await loadJose();
  const { id, session, role, uses, endsAtMs } = invitation;
  return new SignJWT({ session, role, uses })
    .setProtectedHeader({ alg: ALGORITHM, typ: INVITATION })
    .setJti(id)
    .setExpirationTime(Math.ceil(endsAtMs / 1000))
    .sign(key);
}

/** The id of the invitation, or why its text counts for nothing. */
export async function readInvitation(
  grants: Grants,
  text: string,
): Promise<{ id: string } | { reason: string }> {
  const read = await verified(grants, text, INVITATION);
  if ("reason" in read) return read;
  return typeof read.claims["jti"] === "string" ? { id: read.claims["jti"] } : { reason: FORGED };
}

export async function signTicket(
  grants: Grants,
  claims: TicketClaims,
  jti: string,
  seconds: number,
): Promise<string> {
  const { SignJWT } = await loadJose();
  const { aud, sub, ...own } = claims;
  return new SignJWT(own)
    .setProtectedHeader({ alg: ALGORITHM, typ: TICKET })
    .setAudience(aud)
    .setSubject(sub)
    .setJti(jti)
    .setExpirationTime(new Date(grants.nowMs() + seconds * 1000))
    .sign(grants.key);
}

/** What a ticket says, or null when it is forged, changed or expired. */
export async function readTicket(grants: Grants, text: string): Promise<TicketClaims | null> {
  const read = await verified(grants, text, TICKET);
  if ("reason" in read) return null;
  const claims = v.safeParse(ticketClaims, read.claims);
  return claims.success ? claims.output : null;
}

const FORGED = "its signature is not of this gateway";

async function verified(
  grants: Grants,
  text: string,
  typ: string,
): Promise<{ claims: Record<string, unknown> } | { reason: string }> {
  const { errors, jwtVerify } = await loadJose();
  try {
    const { payload } = await jwtVerify(text, grants.key, {
      algorithms: [ALGORITHM],
      typ,
      currentDate: new Date(grants.nowMs()),
      requiredClaims: ["jti", "exp"],
    });
    return { claims: payload };
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    return { reason: error instanceof errors.JWTExpired ? "it has expired" : FORGED };
  }
}
