import { beforeEach, describe, expect, it } from "vitest";
import { type HostSettings, Hosts } from "../../../src/store/installation/hosts.js";
import { findDifferences } from "../../../src/store/installation/setting-differences.js";
import { PostgresStore } from "../../../src/store/postgres/store.js";
import { createLog } from "../../../src/telemetry/log/log.js";
import { createDatabase, runSql } from "../../support/postgres.js";
import { useReleases } from "../../support/releases.js";

const releases = useReleases();
let url: string;

beforeEach(async () => {
  const database = await createDatabase();
  releases.push(() => database.drop());
  url = database.url;
});

function startHost(name: string, settings: HostSettings): Hosts {
  const options = { url, variable: "POSTA_DATABASE_URL", max: 2, timeoutMs: 5000 };
  const postgres = new PostgresStore(options, createLog("test", "silent"));
  releases.push(() => postgres.close());
  return new Hosts(postgres, { name, settings });
}

describe("the hosts of an installation", () => {
  it("know each other and their settings, and forget a host that is silent for 30 s", async () => {
    const first = startHost("a:50051", { POSTA_WHATSAPP_RATE: 80, POSTA_WHATSAPP_SENDERS: ["1", "2"] });
    const second = startHost("b:50051", { POSTA_WHATSAPP_RATE: 20, POSTA_WHATSAPP_SENDERS: ["1", "2"] });
    expect(first.all).toHaveLength(1);
    await first.report();
    await second.report();
    await first.report();
    expect(first.all.map(({ name }) => name)).toEqual(["a:50051", "b:50051"]);
    expect(second.all.map(({ name }) => name)).toEqual(["b:50051", "a:50051"]);
    expect(findDifferences(first.all)).toEqual([
      {
        variable: "POSTA_WHATSAPP_RATE",
        detail: "POSTA_WHATSAPP_RATE differs between hosts: 80 on a:50051; 20 on b:50051",
      },
    ]);
    await runSql(url, "UPDATE hosts SET seen_at = now() - interval '31 s' WHERE name = 'b:50051'");
    await first.report();
    expect(first.all.map(({ name }) => name)).toEqual(["a:50051"]);
    expect(findDifferences(first.all)).toEqual([]);
  });

  it("write a row when it is old or wrong, and leave it alone otherwise", async () => {
    const host = startHost("a:50051", { POSTA_WHATSAPP_RATE: 80 });
    const readSeen = () => runSql(url, "SELECT seen_at, settings FROM hosts");
    await host.report();
    const written = await readSeen();
    await startHost("a:50051", { POSTA_WHATSAPP_RATE: 80 }).report();
    expect(await readSeen()).toEqual(written);
    await startHost("a:50051", { POSTA_WHATSAPP_RATE: 70 }).report();
    const [changed] = await readSeen();
    expect(changed).toMatchObject({ settings: { POSTA_WHATSAPP_RATE: 70 } });
    await runSql(url, "UPDATE hosts SET seen_at = now() - interval '5 s'");
    await host.report();
    expect((await runSql(url, "SELECT now() - seen_at < interval '4 s' AS young FROM hosts"))[0]).toEqual({
      young: true,
    });
  });

  it("drop the rows of hosts that were gone for a day", async () => {
    await startHost("old:50051", {}).report();
    await runSql(url, "UPDATE hosts SET seen_at = now() - interval '25 h'");
    await startHost("a:50051", {}).report();
    expect(await runSql(url, "SELECT name FROM hosts")).toEqual([{ name: "a:50051" }]);
  });

  it("do not differ in what a host of another version does not report", () => {
    expect(
      findDifferences([
        { name: "a", settings: { OLD: 1 } },
        { name: "b", settings: { OLD: 1, NEW: 2 } },
      ]),
    ).toEqual([]);
  });
});
