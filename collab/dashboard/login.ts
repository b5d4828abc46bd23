/**
 * The token of the link that the program printed (`#token=…`) is exchanged for a cookie, then taken out of the address bar and the history.
 */
export async function logIn(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await fetch("api/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
  } catch {
    // No server: the socket will say so, and keep trying.
  }
}
