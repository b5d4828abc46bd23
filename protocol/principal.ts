/** Who somebody is, as a gateway verified it, and what the role lets them do. */

/** From the least to the most: a viewer reads, an editor changes what all see, an owner decides about the session. */
export const ROLES = ["viewer", "editor", "owner"] as const;

export type Role = (typeof ROLES)[number];

/** A person or a program whose sign-in a gateway has verified. Nothing in it comes from the client unchecked. */
export interface Principal {
  /** The same at each connection and after a restart: "owner", or the id of a guest. */
  readonly id: string;
  /** As people see it. Two may have the same. */
  readonly name: string;
  readonly role: Role;
}

/** Who sent a command, as its input in the log names them: the fields of the input. */
export interface Author {
  /** In words, with the address: "guest Anna at 10.0.0.9". */
  readonly author: string;
  /** Id of the principal. */
  readonly authorId: string;
  /** The role at that time. */
  readonly authorRole: Role;
}

/** The same of any input: parts of the runtime have no role. */
export interface Authored {
  readonly author: string;
  readonly authorId?: string | undefined;
  readonly authorRole?: Role | undefined;
}

/** Whoever has the token of the gateway, or runs it on loopback without one. */
export const OWNER: Principal = { id: "owner", name: "owner", role: "owner" };

/** Whether `held` is `needed`, or more. */
export function includesRole(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}

/** The roles that may do what needs `needed`, as an error names them: "editor or owner". */
export function rolesFrom(needed: Role): string {
  return ROLES.slice(ROLES.indexOf(needed)).join(" or ");
}
