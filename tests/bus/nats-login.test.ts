// requires: nats-server,openssl
/** How a program gets in to real servers: certificates of one's own, and what each mistake is answered with. */
import * as nats from "nats";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createNatsBus } from "../../actors/bus/nats.ts";
import { connectError } from "../../actors/bus/nats-errors.ts";
import type { NatsOptions } from "../../actors/bus/nats-options.ts";
import { type NatsServer, startNatsServer } from "../../actors/bus/nats-server.ts";
import { systemClock } from "../../actors/clock.ts";
import { LogFull } from "../../actors/ports/bus.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { rejection } from "../journal/builders.ts";
import { Certificates } from "../support/certificates.ts";

const certificates = new Certificates();
const path = (name: string) => certificates.path(name);
const text = (name: string) => certificates.text(name);

certificates.authority("ours");
certificates.authority("theirs");
certificates.certificate("server", "ours");
certificates.certificate("elsewhere", "ours", "subjectAltName=DNS:other.example");
certificates.certificate("node", "ours", "extendedKeyUsage=clientAuth");

test("a server with a certificate of one's own authority is reached with --nats-ca, and an entry is stored through it", async () => {
  const server = await startTls("server", "");
  const bus = await connect(server, { tls: { ca: text("ours.pem") } });
  assert.is(await bus.stream("ew.s.p0.log").append(Uint8Array.of(1), { id: "a" }), 1);
  await bus.close();
  await server.dispose();
});

test("a server that asks for a certificate gets --nats-cert and --nats-key", async () => {
  const server = await startTls("server", `ca_file: "${path("ours.pem")}", verify: true`);
  const ca = text("ours.pem");
  const bus = await connect(server, { tls: { ca, cert: text("node.pem"), key: text("node.key") } });
  assert.ok(bus.connected);
  await bus.close();
  await server.dispose();
});

test("a server that asks for a certificate refuses whoever has none, and is named", async () => {
  const server = await startTls("server", `ca_file: "${path("ours.pem")}", verify: true`);
  const refused = await rejection(connect(server, { tls: { ca: text("ours.pem") } }));
  assert.instance(refused, EigenwatchError);
  assert.match(refused.message, /Cannot reach NATS at nats:\/\/127\.0\.0\.1:\d+.*--nats-cert and --nats-key/);
  await server.dispose();
});

test("files for TLS that cannot work are named before a server is asked", async () => {
  const [ca, cert, key] = [text("ours.pem"), text("node.pem"), text("node.key")];
  const cases = [
    [{ ca: "junk" }, /the file of --nats-ca has no certificate/],
    [{ ca: key }, /the file of --nats-ca has no certificate/],
    [{ ca, cert }, /--nats-cert is given without --nats-key/],
    [{ key }, /--nats-key is given without --nats-cert/],
    [{ cert, key: text("server.key") }, /--nats-key is not the key of --nats-cert/],
    [{ cert: key, key: cert }, /the file of --nats-cert has no certificate/],
    [{ cert, key: cert }, /the file of --nats-key has no key/],
  ] as const;
  for (const [tls, says] of cases) {
    const refused = await rejection(
      createNatsBus({ servers: ["127.0.0.1:9"], tls, clock: systemClock, log() {} }),
    );
    assert.instance(refused, EigenwatchError);
    assert.match(refused.message, says);
  }
});

test("what the runtimes say of a certificate is told apart", () => {
  for (const [said, says] of [
    ["CERT_HAS_EXPIRED certificate has expired", /not valid at this time/],
    ["invalid peer certificate: certificate expired: verification time 1", /not valid at this time/],
    ["invalid peer certificate: certificate not valid yet", /not valid at this time/],
    ["invalid peer certificate: UnknownIssuer", /not trusted; expected --nats-ca/],
    ['invalid peer certificate: certificate not valid for name "localhost"', /for another host/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", /for another host/],
  ] as const)
    assert.match(
      connectError({ servers: ["h:1"], clock: systemClock, log() {} }, new Error(said)).message,
      says,
      said,
    );
});

test("a certificate of another authority, or for another host, is refused with what to do", async () => {
  for (const [served, ca, says] of [
    ["server", "theirs", /its certificate is not trusted; expected --nats-ca FILE/],
    ["elsewhere", "ours", /its certificate is for another host; expected the host name/],
  ] as const) {
    const server = await startTls(served, "");
    const refused = await rejection(connect(server, { tls: { ca: text(`${ca}.pem`) } }));
    assert.instance(refused, EigenwatchError);
    assert.match(refused.message, says, served);
    assert.is((refused as EigenwatchError).kind, "denied");
    await server.dispose();
  }
});

test("nats:// where the server wants TLS, and tls:// where it has none, are told apart from a server that is gone", async () => {
  const secured = await startTls("server", "");
  const plain = await startNatsServer();
  const open = await rejection(connect(plain, { tls: { ca: text("ours.pem") } }));
  assert.instance(open, EigenwatchError);
  assert.match(open.message, /do not agree on TLS; expected tls:\/\/HOST:PORT where the server has TLS/);
  const bare = await rejection(connect(secured, {}));
  assert.instance(bare, EigenwatchError);
  assert.match(bare.message, /certificate is not trusted|do not agree on TLS/);
  for (const server of [secured, plain]) await server.dispose();
});

test("a creds file, as nsc writes it, signs in to a server whose accounts an operator signs; one of a stranger does not", async () => {
  const [operator, system, account, user, stranger] = [
    nats.nkeys.createOperator(),
    nats.nkeys.createAccount(),
    nats.nkeys.createAccount(),
    nats.nkeys.createUser(),
    nats.nkeys.createAccount(),
  ];
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const limits = { ...unlimited, ...storage, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const [ofSystem, ofAccount] = [unlimited, limits].map((limits, k) =>
    jwt(operator, [system, account][k]!, { type: "account", limits }),
  );
  const server = await startNatsServer({
    config: [
      `operator: ${jwt(operator, operator, { type: "operator" })}`,
      `system_account: ${system.getPublicKey()}`,
      "resolver: MEMORY",
      `resolver_preload: { ${system.getPublicKey()}: ${ofSystem}, ${account.getPublicKey()}: ${ofAccount} }`,
    ].join("\n"),
  });
  const credsBy = (issuer: KeyPair) => ({
    kind: "creds" as const,
    text: credsFile(jwt(issuer, user, { type: "user", ...unlimited, pub: {}, sub: {} }), user),
  });
  const bus = await connect(server, { credentials: credsBy(account) });
  assert.is(await bus.stream("ew.s.p0.log").append(Uint8Array.of(1), { id: "a" }), 1);
  await bus.close();
  const refused = await rejection(connect(server, { credentials: credsBy(stranger) }));
  assert.is((refused as EigenwatchError).kind, "denied");
  assert.not.match(refused.message, /SU[A-Z0-9]{20}|eyJ/);
  await server.dispose();
});

test("a server that cannot keep as many copies as asked for says so before anything is stored", async () => {
  const server = await startNatsServer();
  const bus = await createNatsBus({ servers: [server.url], clock: systemClock, log() {}, replicas: 3 });
  try {
    const error = await bus.prepare({ streams: ["ew.s.p0.log"], hints: ["s-nodes"] }).then(
      () => null,
      (error: unknown) => error,
    );
    assert.instance(error, EigenwatchError);
    assert.match((error as Error).message, "--nats-replicas 3");
  } finally {
    await bus.close();
    await server.dispose();
  }
});

test("a user who lacks a right that a session needs is told which, before a node joins", async () => {
  const needed = [
    "ew.s.>",
    "_INBOX.>",
    "$JS.API.>",
    "$JS.FC.>",
    "$KV.s-nodes.>",
    "$KV.s-held.>",
    "ewstate.s-snapshots.>",
  ];
  const listed = (but: string) => JSON.stringify(needed.filter((right) => right !== but));
  const cases = [
    ["publish", "", null],
    ["publish", "ew.s.>", /may not publish to ew\.s\.>/],
    ["publish", "$JS.API.>", /may not publish to \$JS\.API\.INFO/],
    ["publish", "$JS.FC.>", /may not publish to \$JS\.FC\.>/],
    ["publish", "$KV.s-nodes.>", /may not publish to \$KV\.s-nodes\.>/],
    ["publish", "ewstate.s-snapshots.>", /may not publish to ewstate\.s-snapshots\.>/],
    ["subscribe", "ew.s.>", /may not subscribe to ew\.s\.>/],
    ["subscribe", "_INBOX.>", /may not subscribe to _INBOX\./],
  ] as const;
  const users = cases.map(([kind, right], k) => {
    const other = kind === "publish" ? "subscribe" : "publish";
    const permissions = `{ ${kind}: ${listed(right)}, ${other}: ${listed("")} }`;
    return `{ user: "user${k}", password: "x", permissions: ${permissions} }`;
  });
  const server = await startNatsServer({ config: `authorization { users: [ ${users.join(", ")} ] }` });
  for (const [k, [kind, right, says]] of cases.entries()) {
    const joined = async () => {
      const bus = await connect(server, {
        credentials: { kind: "password", user: `user${k}`, password: "x" },
      });
      await bus.checkRights("s").finally(() => bus.close());
    };
    if (says === null) await joined();
    else {
      const refused = await rejection(joined());
      assert.is((refused as EigenwatchError).kind, "denied", `${kind} ${right}: ${refused.message}`);
      assert.match(refused.message, says);
      assert.match(refused.message, "docs/cluster.md");
    }
  }
  await server.dispose();
});

test("a log that somebody limits says how much of it is used, and when it is full it refuses what comes and keeps what is old", async () => {
  const server = await startNatsServer();
  const bus = await connect(server, {});
  const stream = bus.stream("ew.s.p0.log");
  await stream.append(new Uint8Array(1_000), { id: "1" });
  assert.is((await bus.storage(["ew.s.p0.log"]))[0]!.limitBytes, null);
  // As an administrator does it: nats stream edit ew__s__p0__log --max-bytes 3000
  const administrator = await nats.connect({ servers: server.url });
  const info = await administrator.request("$JS.API.STREAM.INFO.ew__s__p0__log");
  const { config } = info.json<{ config: object }>();
  const limited = JSON.stringify({ ...config, max_bytes: 3_000 });
  await administrator.request("$JS.API.STREAM.UPDATE.ew__s__p0__log", limited);
  await administrator.close();
  await stream.append(new Uint8Array(1_000), { id: "2" });
  const [log, account] = await bus.storage(["ew.s.p0.log"]);
  assert.is(log!.limitBytes, 3_000);
  assert.ok(log!.usedBytes > 2_000 && account!.usedBytes >= log!.usedBytes);
  const refused = await rejection(stream.append(new Uint8Array(1_000), { id: "3" }));
  assert.instance(refused, LogFull);
  assert.match(refused.message, "maximum bytes exceeded");
  const kept: number[] = [];
  for await (const { sequence } of stream.read(1)) kept.push(sequence);
  assert.equal(kept, [1, 2]);
  await bus.close();
  await server.dispose();
});

// ---- given ------------------------------------------------------------------------------------------------------

function connect(server: NatsServer, options: Partial<NatsOptions>) {
  return createNatsBus({ servers: [server.url], clock: systemClock, log: () => {}, ...options });
}

function startTls(certificate: string, more: string): Promise<NatsServer> {
  const files = `cert_file: "${path(`${certificate}.pem`)}", key_file: "${path(`${certificate}.key`)}"`;
  return startNatsServer({ config: `tls { ${files}${more === "" ? "" : `, ${more}`} }\n` });
}

type KeyPair = ReturnType<typeof nats.nkeys.createUser>;

/** A JSON web token of NATS, version 2: what `nsc` makes. */
function jwt(issuer: KeyPair, subject: KeyPair, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const [iss, sub] = [issuer.getPublicKey(), subject.getPublicKey()];
  const body = { jti: "test", iat: 1_700_000_000, iss, sub, name: sub, nats: { version: 2, ...claims } };
  const signed = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(body)}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString("base64url")}`;
}

/** As `nsc generate creds` writes it. */
function credsFile(token: string, user: KeyPair): string {
  const block = (title: string, text: string) =>
    `-----BEGIN ${title}-----\n${text}\n------END ${title}------\n`;
  return `${block("NATS USER JWT", token)}\n${block("USER NKEY SEED", new TextDecoder().decode(user.getSeed()))}`;
}

test.after(() => certificates.dispose());

test.run();
