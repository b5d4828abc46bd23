/** What TLS with a server needs of this side, looked through before it is used: the runtimes say of it only that it does not work. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { NatsTls } from "./nats-options.ts";

/** Throws an EigenwatchError that names the option whose file cannot be what it should be. */
export function checkTls({ ca, cert, key }: NatsTls): void {
  if (ca !== undefined) certificateIn("--nats-ca", ca);
  if ((cert === undefined) !== (key === undefined)) {
    const [given, lacks] = key === undefined ? ["--nats-cert", "--nats-key"] : ["--nats-key", "--nats-cert"];
    throw unusable(`${given} is given without ${lacks}`, "both, of one certificate");
  }
  if (cert === undefined || key === undefined) return;
  if (!certificateIn("--nats-cert", cert).checkPrivateKey(keyIn(key)))
    throw unusable("--nats-key is not the key of --nats-cert", "both, of one certificate");
}

/** The first of a file. */
function certificateIn(option: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw unusable(
      `the file of ${option} has no certificate`,
      "one that begins with BEGIN CERTIFICATE",
      cause,
    );
  }
}

function keyIn(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw unusable("the file of --nats-key has no key", "a private key in PEM, without a passphrase", cause);
  }
}

function unusable(value: string, expected: string, cause?: unknown): EigenwatchError {
  return new EigenwatchError({ action: "use TLS with NATS", value, expected }, { cause });
}
