/** Keys of seals: what they sign holds, nothing else does, and other programs read them. */
import { spawnSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findNode24 } from "../../.ci/runtime.mjs";
import {
  ALGORITHMS,
  generateKeys,
  readPublicKey,
  readSecretKey,
} from "../../sim/recordings/seal/signing-keys.ts";
import { skip } from "../support/skip.ts";

/** Signs and verifies with node:crypto alone; prints null where OpenSSL makes no keys of the algorithm. */
const OPENSSL = `
  const { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } = require("node:crypto");
  const { algorithm, secret, open, message, signature } = JSON.parse(process.argv[1]);
  const bytes = (hex) => Buffer.from(hex, "hex");
  const isKnown = () => {
    try {
      return generateKeyPairSync(algorithm) !== null;
    } catch {
      return false;
    }
  };
  const answer = () => {
    const verified = verify(null, bytes(message), createPublicKey(open), bytes(signature));
    return { verified, signature: sign(null, bytes(message), createPrivateKey(secret)).toString("hex") };
  };
  process.stdout.write(JSON.stringify(isKnown() ? answer() : null));
`;

const MESSAGE = new TextEncoder().encode("a message of some length");

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

for (const algorithm of ALGORITHMS) {
  test(`a ${algorithm} signature holds for its message and key alone`, () => {
    const keys = generateKeys(algorithm);
    const key = readPublicKey(keys.public)!;
    const signature = readSecretKey(keys.secret)!.sign(MESSAGE);
    assert.is(key.algorithm, algorithm);
    assert.ok(key.verify(MESSAGE, signature));
    const changed = Uint8Array.from(signature);
    changed[7]! ^= 1;
    assert.not.ok(key.verify(MESSAGE, changed));
    assert.not.ok(key.verify(MESSAGE.subarray(1), signature));
    assert.not.ok(key.verify(MESSAGE, signature.subarray(1)));
    assert.not.ok(readPublicKey(generateKeys(algorithm).public)!.verify(MESSAGE, signature));
  });

  test(`OpenSSL of Node 24 reads ${algorithm} keys, and either verifies what the other signed`, () => {
    // The oldest runtimes in use have an OpenSSL without ML-DSA: the Node that is fetched has one with it.
    const node24 = findNode24();
    if (node24 === null)
      throw new Error("Cannot find Node 24: expected that .ci/test-runtimes.mjs fetched it");
    const { secret, public: open } = generateKeys(algorithm);
    const ours = readSecretKey(secret)!;
    const keys = { algorithm, secret, open, message: hexOf(MESSAGE), signature: hexOf(ours.sign(MESSAGE)) };
    const { stdout, stderr } = spawnSync(node24.path, ["-e", OPENSSL, JSON.stringify(keys)], {
      encoding: "utf8",
    });
    assert.is(stderr, "");
    const answer = JSON.parse(stdout) as { verified: boolean; signature: string } | null;
    if (answer === null && algorithm === "ml-dsa-65") return skip("this OpenSSL has no ML-DSA");
    const { verified, signature } = answer!;
    assert.ok(verified, "OpenSSL verifies our signature");
    assert.ok(ours.public.verify(MESSAGE, Uint8Array.from(Buffer.from(signature, "hex"))));
  });
}

test("the secret key of RFC 8032, test 2, gives its public key and signature", () => {
  const hex = (text: string) => Buffer.from(text, "hex");
  const seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const der = Buffer.concat([hex("302e020100300506032b657004220420"), seed]);
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
  const key = readSecretKey(pem)!;
  assert.is(
    Buffer.from(key.public.der.subarray(12)).toString("hex"),
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  );
  assert.is(
    Buffer.from(key.sign(hex("72"))).toString("hex"),
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  );
});

test("a text that holds no key gives none", () => {
  const { secret, public: open } = generateKeys("ed25519");
  for (const text of ["", "ssh-ed25519 AAAA", open]) assert.is(readSecretKey(text), null);
  for (const text of ["", secret, open.replace("MCow", "MCox")]) assert.is(readPublicKey(text), null);
});

test.run();
