/**
 * HTTP paths of invitations, guests and tickets.
 *
 *   owner   POST api/invites ──► invitation         GET api/invites, POST api/invites/revoke, POST api/invites/role
 *   anybody POST api/invites/redeem {invite, name} ──► cookie, or with `bearer` a token
 *   guest   GET api/me ──► who am I                 POST api/tickets ──► ticket
 *
 * The link of an invitation carries it after `#`, and a body carries it here: it stands in no URL that is sent, and in no log.
 */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { fields } from "../../protocol/command-fields.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { includesRole, ROLES, rolesFrom } from "../../protocol/principal.ts";
import { chooseHub, type GatewayContext, type Route } from "./gateway-context.ts";
import { checkName, type Guest, type Invitation, refusedInvitation } from "./grants.ts";
import { type RequestContext, readJson, signedIn } from "./request.ts";
import { respond, respondJson } from "./response.ts";
import { readInvitation, signInvitation, signTicket } from "./signatures.ts";

const DEFAULT_SECONDS = 604_800;

const role = v.picklist(ROLES);
const id = v.pipe(v.string(), v.maxLength(64));
const counted = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));

export function grantRoutes(gateway: GatewayContext): [string, Route][] {
  const post = (answer: Route["answer"]): Route => ({ methods: ["POST"], answer });
  return [
    ["/api/me", { methods: ["GET", "HEAD"], answer: (context) => me(context) }],
    [
      "/api/invites",
      {
        methods: ["GET", "HEAD", "POST"],
        answer: (context) =>
          context.request.method === "POST" ? invite(context, gateway) : list(context, gateway),
      },
    ],
    ["/api/invites/redeem", post((context) => redeem(context, gateway))],
    ["/api/invites/revoke", post((context) => revoke(context, gateway))],
    ["/api/invites/role", post((context) => setRole(context, gateway))],
    ["/api/tickets", post((context) => ticket(context, gateway))],
  ];
}

/** {id, name, role}, and the only session it is for. */
function me(context: RequestContext): void {
  const { principal, session, kind } = signedIn(context);
  respondJson(context.request, context.response, { ...principal, session, guest: kind === "guest" });
}

async function invite(context: RequestContext, gateway: GatewayContext): Promise<void> {
  requireOwner(context, "invite");
  const { limits, grants, hubs } = gateway;
  const body = await read(context, gateway, "invite", {
    session: v.optional(v.string()),
    role,
    uses: v.optional(counted(limits.invitationUsesMax), 1),
    seconds: v.optional(counted(limits.invitationSecondsMax), DEFAULT_SECONDS),
    name: v.optional(v.string()),
  });
  const query = new URLSearchParams(body.session === undefined ? "" : { session: body.session });
  const { session } = chooseHub(hubs, { ...context, query }).session;
  const name = body.name === undefined ? {} : { name: checkName(body.name) };
  const made = await grants.invite({
    session,
    role: body.role,
    uses: body.uses,
    seconds: body.seconds,
    ...name,
  });
  respondJson(context.request, context.response, {
    ...shown(made),
    invite: await signInvitation(grants, made),
  });
}

/** The invitations and guests that have not ended, without their secrets. */
function list(context: RequestContext, { grants }: GatewayContext): void {
  requireOwner(context, "list invitations");
  const { session } = signedIn(context);
  const mine = (each: { session: string }): boolean => session === null || each.session === session;
  const { invitations, guests } = grants.list();
  respondJson(context.request, context.response, {
    invitations: invitations.filter(mine).map(shown),
    guests: guests.filter(mine).map(shownGuest),
  });
}

async function redeem(context: RequestContext, gateway: GatewayContext): Promise<void> {
  const { request, response, address, secure, cookiePath } = context;
  const { grants, auth, nowMs } = gateway;
  const body = await read(context, gateway, "redeem the invitation", {
    invite: v.string(),
    name: v.optional(v.string(), ""),
    /** A program asks for a token instead of a cookie. */
    bearer: v.optional(v.boolean(), false),
  });
  const found = await readInvitation(grants, body.invite);
  // A forged one counts as a wrong token does; the right one is compared before anything is counted.
  if ("reason" in found) throw auth.refusal(true, address, nowMs(), refusedInvitation(found.reason));
  const { guest, secret } = await grants.redeem(found.id, body.name);
  const answer = { ...shownGuest(guest), ...(body.bearer ? { token: secret } : {}) };
  const cookie = auth.guestCookie(secret, guest.endsAtMs, { path: cookiePath, secure });
  const headers: Record<string, string> = body.bearer ? {} : { "set-cookie": cookie };
  respond(
    request,
    response,
    200,
    { "content-type": "application/json; charset=utf-8", ...headers },
    JSON.stringify(answer),
  );
}

async function revoke(context: RequestContext, gateway: GatewayContext): Promise<void> {
  requireOwner(context, "revoke");
  const body = await read(context, gateway, "revoke", { id });
  await gateway.grants.revoke(body.id, signedIn(context).session);
  respondJson(context.request, context.response, { revoked: body.id });
}

async function setRole(context: RequestContext, gateway: GatewayContext): Promise<void> {
  requireOwner(context, "change a role");
  const body = await read(context, gateway, "change a role", { id, role });
  await gateway.grants.setRole(body.id, body.role, signedIn(context).session);
  respondJson(context.request, context.response, { id: body.id, role: body.role });
}

/** A ticket for one session: for a WebSocket of a page elsewhere, or of a program that cannot send headers. */
async function ticket(context: RequestContext, gateway: GatewayContext): Promise<void> {
  const { grants, auth, limits, hubs } = gateway;
  const body = await read(context, gateway, "get a ticket", { session: v.optional(v.string()) });
  const query = new URLSearchParams(body.session === undefined ? "" : { session: body.session });
  const { session } = chooseHub(hubs, { ...context, query }).session;
  const jti = randomBytes(16).toString("base64url");
  const claims = auth.ticketOf(signedIn(context), session);
  const text = await signTicket(grants, claims, jti, limits.ticketSeconds);
  respondJson(context.request, context.response, { ticket: text, session, seconds: limits.ticketSeconds });
}

function requireOwner(context: RequestContext, action: string): void {
  const held = signedIn(context).principal.role;
  if (includesRole(held, "owner")) return;
  const expected = `the role ${rolesFrom("owner")}`;
  throw new EigenwatchError({ action, value: `the role ${held}`, expected, kind: "denied" });
}

/** The body, checked. It is not echoed: it may hold an invitation. */
async function read<Entries extends v.ObjectEntries>(
  { request }: RequestContext,
  { limits }: GatewayContext,
  action: string,
  entries: Entries,
): Promise<v.InferOutput<v.StrictObjectSchema<Entries, undefined>>> {
  const result = v.safeParse(fields(entries), await readJson(request, limits, "bodyBytesMax"));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? "the body";
  const expected = issue.expected === "never" ? issue.message : (issue.expected ?? issue.message);
  throw new EigenwatchError({ action, value: `${field} does not fit`, expected });
}

function shown({ endsAtMs, ...invitation }: Invitation) {
  return { ...invitation, endsAt: new Date(endsAtMs).toISOString() };
}

function shownGuest({ endsAtMs, secretHash: _, ...guest }: Guest) {
  return { ...guest, endsAt: new Date(endsAtMs).toISOString() };
}
