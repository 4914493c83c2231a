import { hostname } from "node:os";
import { Gauge, type Registry } from "prom-client";
import { type Config, settings } from "../config/settings.js";
import type { Check, Reading } from "../health/check.js";
import { type HostSettings, Hosts } from "../store/installation/hosts.js";
import { findDifferences, type SettingDifference } from "../store/installation/setting-differences.js";
import type { PostgresStore } from "../store/postgres/store.js";
import type { Logger } from "../telemetry/log/log.js";
import { ToldProblems } from "../telemetry/log/told-problems.js";

/** The settings that must be equal on all hosts: what they rule is the installation's, and not a host's. */
const compared = [
  "senders",
  "whatsappRate",
  "whatsappPairIntervalMs",
  "whatsappPairBurst",
  "messageAttempts",
  "messageKeyWindowMs",
  "messageMonths",
  "analyticsMaxAgeMs",
  "analyticsMaxLeadMs",
  "analyticsHotMs",
  "analyticsMonths",
] as const satisfies (keyof Config)[];

/** The hosts of the installation, with this one and its settings. */
export function createHosts(config: Config, postgres: PostgresStore): Hosts {
  const own = Object.fromEntries(compared.map((name) => [settings[name].variable, comparable(config[name])]));
  return new Hosts(postgres, { name: `${hostname()}:${config.grpcPort}`, settings: own });
}

/** The order of a list does not matter. */
function comparable(value: HostSettings[string]): HostSettings[string] {
  return typeof value === "object" ? [...value].sort() : value;
}

/** The numbers that some host sends from. The leader fills their queues, whichever host it is on. */
export function sendersOf(hosts: Hosts): string[] {
  const lists = hosts.all.map(({ settings: of }) => of[settings.senders.variable]);
  return [...new Set(lists.flatMap((list) => (Array.isArray(list) ? list.map(String) : [])))];
}

/** Shows that hosts differ in a setting: by a check, a metric, and a line of the log that names the hosts. */
export class SettingsCheck implements Check {
  readonly name = "settings";
  private found: readonly SettingDifference[] | undefined;
  private readonly told = new ToldProblems();

  constructor(hosts: Hosts, metrics: Registry, log: Logger) {
    const differ = new Gauge({
      name: "posta_settings_differ",
      help: "1: hosts of the installation have set this variable to different values.",
      labelNames: ["setting"],
      aggregator: "max",
      registers: [metrics],
    });
    const show = () => {
      const names = new Set(this.found?.map(({ variable }) => variable));
      for (const { settings: of } of hosts.all) {
        for (const setting of Object.keys(of)) differ.set({ setting }, names.has(setting) ? 1 : 0);
      }
    };
    show();
    hosts.on("read", () => {
      this.found = findDifferences(hosts.all);
      show();
      for (const { detail } of this.found) if (this.told.isNew(detail)) log.warn(detail);
      if (this.found.length === 0) this.told.clear();
    });
  }

  /** Health needs no token, so the answer names the variables alone. */
  read(): Reading | undefined {
    if (this.found === undefined) return undefined;
    if (this.found.length === 0) return { status: "OK", detail: "All hosts have equal settings." };
    const variables = this.found.map(({ variable }) => variable).join(", ");
    return { status: "DEGRADED", detail: `Hosts differ in ${variables}: the log says how.` };
  }
}
