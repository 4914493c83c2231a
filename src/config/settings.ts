import type { z } from "zod";
import { analyticsSettings } from "./settings/analytics.js";
import { callsSettings } from "./settings/calls.js";
import { listenSettings } from "./settings/listen.js";
import { messagesSettings } from "./settings/messages.js";
import { operateSettings } from "./settings/operate.js";
import { queuesSettings } from "./settings/queues.js";
import { storesSettings } from "./settings/stores.js";

/** The settings in groups, in the order in which docs/settings.md shows them. */
export const settingGroups = [
  { title: "Listening, TLS and callers", about: "Where Posta listens, and who may call.", settings: listenSettings },
  {
    title: "Processes and operation",
    about: "How many processes run, how they stop, and what operators see.",
    settings: operateSettings,
  },
  { title: "Stores", about: "Where the two Redis and PostgreSQL are.", settings: storesSettings },
  { title: "Calls and connections", about: "What calls and connections may take.", settings: callsSettings },
  { title: "Queues", about: "Jobs on their way into queues.", settings: queuesSettings },
  { title: "Messages", about: "WhatsApp, and how messages are sent.", settings: messagesSettings },
  { title: "Analytics", about: "Which events count, and how long they are kept.", settings: analyticsSettings },
];

/** Every setting, once: its variable, default, meaning and rule. The process reads its environment by this list, and nowhere else. */
export const settings = {
  ...listenSettings,
  ...operateSettings,
  ...storesSettings,
  ...callsSettings,
  ...queuesSettings,
  ...messagesSettings,
  ...analyticsSettings,
};

/** One process's settings, all of them valid. Durations are in milliseconds. */
export type Config = Readonly<{ [K in keyof typeof settings]: z.output<(typeof settings)[K]["schema"]> }>;
