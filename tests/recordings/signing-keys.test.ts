/** Keys of seals: what they sign holds, nothing else does, and other programs read them. */
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  ALGORITHMS,
  generateKeys,
  readPublicKey,
  readSecretKey,
} from "../../sim/recordings/seal/signing-keys.ts";
import { skip } from "../support/skip.ts";

const MESSAGE = new TextEncoder().encode("a message of some length");

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

  test(`OpenSSL reads ${algorithm} keys, and either verifies what the other signed`, () => {
    const keys = generateKeys(algorithm);
    let secret: ReturnType<typeof createPrivateKey>;
    try {
      secret = createPrivateKey(keys.secret);
    } catch (error) {
      skip(`this runtime's OpenSSL does not know ${algorithm}: ${(error as Error).message}`);
      return;
    }
    const ours = readSecretKey(keys.secret)!;
    assert.ok(verify(null, MESSAGE, createPublicKey(keys.public), ours.sign(MESSAGE)));
    assert.ok(ours.public.verify(MESSAGE, Uint8Array.from(sign(null, MESSAGE, secret))));
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
