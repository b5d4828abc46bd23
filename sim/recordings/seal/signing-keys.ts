/**
 * Keys that seals are signed with: Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204), which a quantum computer does not break as far as is known.
 *
 * Files are PEM: PKCS #8 for the secret (RFC 8410; RFC 9881 in its form with the seed), SubjectPublicKeyInfo for the public one, so that
 * OpenSSL reads both. Both secrets are 32 bytes after a fixed head, so no grammar of ASN.1 is needed.
 */
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";

export const ALGORITHMS = ["ed25519", "ml-dsa-65"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface PublicKey {
  readonly algorithm: Algorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly der: Uint8Array;
  /** First 16 bytes of the SHA-256 of `der`, hexadecimal: short enough to compare by eye. */
  readonly fingerprint: string;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface SecretKey {
  readonly public: PublicKey;
  sign(message: Uint8Array): Uint8Array;
}

interface Scheme {
  secretHead: Uint8Array;
  publicHead: Uint8Array;
  publicBytes: number;
  publicOf(seed: Uint8Array): Uint8Array;
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
}

const SECRET_BYTES = 32;

const SCHEMES: Record<Algorithm, Scheme> = {
  ed25519: {
    secretHead: fromHex("302e020100300506032b657004220420"),
    publicHead: fromHex("302a300506032b6570032100"),
    publicBytes: 32,
    publicOf: (seed) =>
      createPublicKey(ed25519Secret(seed)).export({ format: "der", type: "spki" }).subarray(12),
    sign: (message, seed) => sign(null, message, ed25519Secret(seed)),
    verify: (message, signature, key) =>
      verify(
        null,
        message,
        createPublicKey({ key: derOf("ed25519", key), format: "der", type: "spki" }),
        signature,
      ),
  },
  "ml-dsa-65": {
    secretHead: fromHex("3034020100300b06096086480165030403120422" + "8020"),
    publicHead: fromHex("308207b2300b0609608648016503040312038207a100"),
    publicBytes: 1952,
    publicOf: (seed) => ml_dsa65.keygen(seed).publicKey,
    sign: (message, seed) => ml_dsa65.sign(message, ml_dsa65.keygen(seed).secretKey),
    verify: (message, signature, key) =>
      signature.length === ml_dsa65.lengths.signature && ml_dsa65.verify(signature, message, key),
  },
};

/** A new pair as PEM. */
export function generateKeys(algorithm: Algorithm): { secret: string; public: string; fingerprint: string } {
  const seed = Uint8Array.from(randomBytes(SECRET_BYTES));
  const { secretHead, publicOf } = SCHEMES[algorithm];
  const key = publicKey(algorithm, publicOf(seed));
  return {
    secret: pem("PRIVATE KEY", Buffer.concat([secretHead, seed])),
    public: pem("PUBLIC KEY", key.der),
    fingerprint: key.fingerprint,
  };
}

/** Null when the text holds no secret key of a known kind. */
export function readSecretKey(text: string): SecretKey | null {
  const der = unpem("PRIVATE KEY", text);
  for (const algorithm of ALGORITHMS) {
    const { secretHead, publicOf, sign } = SCHEMES[algorithm];
    if (der === null || !begins(der, secretHead, SECRET_BYTES)) continue;
    const seed = Uint8Array.from(der.subarray(secretHead.length));
    return { public: publicKey(algorithm, publicOf(seed)), sign: (message) => sign(message, seed) };
  }
  return null;
}

/** Null when the text holds no public key of a known kind. */
export function readPublicKey(text: string): PublicKey | null {
  const der = unpem("PUBLIC KEY", text);
  return der === null ? null : publicKeyOfDer(der);
}

export function publicKeyOfDer(der: Uint8Array): PublicKey | null {
  for (const algorithm of ALGORITHMS) {
    const { publicHead, publicBytes } = SCHEMES[algorithm];
    if (begins(der, publicHead, publicBytes)) return publicKey(algorithm, der.subarray(publicHead.length));
  }
  return null;
}

function publicKey(algorithm: Algorithm, raw: Uint8Array): PublicKey {
  const der = Uint8Array.from(derOf(algorithm, raw));
  return {
    algorithm,
    der,
    fingerprint: createHash("sha256").update(der).digest("hex").slice(0, 32),
    verify(message, signature) {
      try {
        return SCHEMES[algorithm].verify(message, signature, Uint8Array.from(raw));
      } catch {
        // A point that is not on the curve, a signature of another length: not valid is all there is to say.
        return false;
      }
    },
  };
}

function derOf(algorithm: Algorithm, raw: Uint8Array): Buffer {
  return Buffer.concat([SCHEMES[algorithm].publicHead, raw]);
}

function ed25519Secret(seed: Uint8Array) {
  const key = Buffer.concat([SCHEMES.ed25519.secretHead, seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function begins(der: Uint8Array, head: Uint8Array, rest: number): boolean {
  return der.length === head.length + rest && head.every((byte, i) => der[i] === byte);
}

function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString("base64")
    .replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}

function unpem(label: string, text: string): Uint8Array | null {
  const match = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  return match === null ? null : Uint8Array.from(Buffer.from(match[1]!, "base64"));
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
