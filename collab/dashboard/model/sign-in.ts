/**
 * Signing in by the link that opened the page. What stands after `#` is never sent in a URL, and leaves the address and the history at once.
 *
 *   #token=…   printed at the start of the program ──► api/login ──► cookie
 *   #invite=…  of `eigenwatch invite` ──► api/invites/redeem ──► cookie of a guest; a name is asked for where the invitation has none
 */
import type { Controls } from "./controls.ts";

/** Resolves when the page may connect. */
export async function signIn(controls: Controls): Promise<void> {
  const link = new URLSearchParams(location.hash.slice(1));
  const token = link.get("token");
  const invite = link.get("invite");
  if (token === null && invite === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    if (token !== null) await post("api/login", { token });
    if (invite !== null) await redeem(invite, controls);
  } catch {
    // No server: the socket reports that, and retries.
  }
}

async function redeem(invite: string, controls: Controls): Promise<void> {
  const first = await post("api/invites/redeem", { invite });
  if (first.ok) return;
  if (first.status !== 400 && (await isGuest())) return;
  await new Promise<void>((resolve, reject) => {
    const ask = (failure: string, mayRetry: boolean): void => {
      controls.joining.value = { failure, mayRetry, join: (name) => void join(name).catch(reject) };
    };
    const join = async (name: string): Promise<void> => {
      const answer = await post("api/invites/redeem", { invite, name });
      if (!answer.ok) {
        ask(await reasonOf(answer), answer.status === 400);
        return;
      }
      controls.joining.value = null;
      resolve();
    };
    // Without a name nothing is wrong yet.
    if (first.status === 400) ask("", true);
    else void reasonOf(first).then((reason) => ask(reason, false));
  });
}

/** A link that was redeemed here before is used up, but its guest is still here. */
async function isGuest(): Promise<boolean> {
  const response = await fetch("api/me");
  return response.ok && ((await response.json()) as { guest: boolean }).guest;
}

async function reasonOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { action: string; value: string; expected: string } };
  return `Cannot ${error.action}: ${error.value}; expected ${error.expected}`;
}

function post(path: string, body: object): Promise<Response> {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
