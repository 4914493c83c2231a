import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const keyOptions = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes certificate authorities and certificates of a test's own, in a folder: `<name>.pem` and `<name>.key`. */
export class Certificates {
  constructor(private readonly folder: string) {}

  file(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): Buffer {
    return readFileSync(this.file(name));
  }

  makeCa(name: string): void {
    const out = ["-keyout", this.file(`${name}.key`), "-out", this.file(`${name}.pem`)];
    openssl(["req", "-x509", ...keyOptions, "-subj", `/CN=${name}`, "-days", "1", ...out]);
  }

  /** Makes a certificate that the CA signs. Its subject is as openssl writes it: "/O=Acme/CN=billing". */
  make(
    name: string,
    ca: string,
    { subject = `/CN=${name}`, altNames = "IP:127.0.0.1,DNS:localhost" }: { subject?: string; altNames?: string } = {},
  ): void {
    const [request, extensions] = [this.file(`${name}.csr`), this.file(`${name}.cnf`)];
    openssl(["req", ...keyOptions, "-subj", subject, "-keyout", this.file(`${name}.key`), "-out", request]);
    writeFileSync(extensions, `subjectAltName=${altNames}\n`);
    const signer = ["-CA", this.file(`${ca}.pem`), "-CAkey", this.file(`${ca}.key`), "-CAcreateserial", "-days", "1"];
    openssl(["x509", "-req", "-in", request, ...signer, "-extfile", extensions, "-out", this.file(`${name}.pem`)]);
  }
}

function openssl(args: string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
