import type { PeerCertificate } from "node:tls";
import { describe, expect, it } from "vitest";
import { identitiesOf, parseIdentity } from "../../../src/rpc/auth/certificate-identity.js";

const certificate = (subject: object, subjectaltname?: string) =>
  ({ subject, subjectaltname }) as unknown as PeerCertificate;

describe("what a file says of a certificate", () => {
  it.each<[string, PeerCertificate]>([
    ["subject:CN=billing", certificate({ CN: "billing" })],
    ["subject:CN=billing,O=Acme GmbH", certificate({ O: "Acme GmbH", CN: "billing" })],
    ["subject:O=Acme GmbH, CN=billing", certificate({ O: "Acme GmbH", CN: "billing" })],
    ["subject:CN=b,OU=two,OU=one", certificate({ CN: "b", OU: ["one", "two"] })],
    ["subject:CN=a\\,O=b", certificate({ CN: "a,O=b" })],
    ["subject:CN=a\\\\b", certificate({ CN: "a\\b" })],
    ["san:DNS:Billing.internal", certificate({}, "DNS:other, DNS:billing.INTERNAL")],
    ["san:URI:spiffe://acme/billing", certificate({ CN: "x" }, "URI:spiffe://acme/billing")],
    ["san:IP:10.0.0.1", certificate({}, "IP Address:10.0.0.1")],
    ["san:IP:2001:db8::1", certificate({}, "IP Address:2001:DB8:0:0:0:0:0:1")],
    ["san:IP:2001:0DB8:0::0001", certificate({}, "IP Address:2001:DB8:0:0:0:0:0:1")],
    ["san:IP:::ffff:10.0.0.1", certificate({}, "IP Address:0:0:0:0:0:FFFF:A00:1")],
    ["san:email:b@acme.example", certificate({}, "email:b@acme.example")],
    ["san:URI:https://a/,b", certificate({}, 'URI:"https://a/,b"')],
  ])("%s names it", (text, shown) => {
    expect(identitiesOf(shown)).toContain(parseIdentity(text));
  });

  it.each<[string, PeerCertificate]>([
    ["subject:CN=billing", certificate({ CN: "billing", O: "Acme" })],
    ["subject:CN=billing,O=Acme", certificate({ CN: "billing" })],
    ["subject:CN=a,O=b", certificate({ CN: "a,O=b" })],
    ["subject:CN=billing", certificate({ CN: "Billing" })],
    ["san:DNS:admin", certificate({}, 'DNS:"x, DNS:admin"')],
    ["san:DNS:admin", certificate({}, "URI:DNS:admin")],
    ["san:DNS:admin", certificate({ CN: "admin" })],
    ["subject:CN=admin", certificate({}, "DNS:admin")],
    ["san:IP:2001:db8::1", certificate({}, "IP Address:2001:DB8:0:0:0:0:0:2")],
  ])("%s does not name another", (text, shown) => {
    const identity = parseIdentity(text);
    expect(identity).toBeDefined();
    expect(identitiesOf(shown)).not.toContain(identity);
  });

  it.each([
    "billing",
    "subject:",
    "subject:billing",
    "subject:CN=a,,=b",
    "san:billing",
    "san:DNS:",
    "san:X:a",
    "san:IP:10.0.0",
    "san:IP:10.0.0.0/8",
    "san:IP:billing.internal",
    "san:IP:[2001:db8::1]",
    "san:IP:fe80::1%eth0",
  ])("is nothing: %s", (text) => expect(parseIdentity(text)).toBeUndefined());
});
