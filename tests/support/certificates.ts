/** Certificates of one's own authorities, in a folder. A file that uses them says `// requires: openssl`. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "./programs.ts";

export const LOOPBACK = "subjectAltName=IP:127.0.0.1,DNS:localhost";

export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), "eigenwatch-tls-"));

  /** Of a file: `server.pem`, `server.key`. */
  path(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  authority(name: string): void {
    this.openssl(
      "req",
      "-x509",
      ...newKey(name),
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    );
  }

  /** Signed by the authority `by`. */
  certificate(name: string, by: string, extension = LOOPBACK): void {
    writeFileSync(this.path(`${name}.ext`), `${extension}\n`);
    this.openssl("req", "-new", ...newKey(name), "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signed = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial", "-days", "2"];
    const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.pem`];
    this.openssl("x509", "-req", ...signed, ...files);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private openssl(...args: string[]): void {
    execFileSync(program("openssl")!, args, { cwd: this.folder, stdio: "ignore" });
  }
}

function newKey(name: string): string[] {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  return [...curve, "-nodes", "-keyout", `${name}.key`];
}
