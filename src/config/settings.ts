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
  {
    title: "Listening, TLS and callers",
    about: "Where Posta listens, and who may call. See [callers](operations/callers.md).",
    settings: listenSettings,
  },
  {
    title: "Processes and operation",
    about: "How many processes run, how they stop, and what operators see. See [operations](operations/README.md).",
    settings: operateSettings,
  },
  {
    title: "Stores",
    about: "Where the two Redis and PostgreSQL are. See [stores](operations/running.md#stores).",
    settings: storesSettings,
  },
  { title: "Calls and connections", about: "Limits of each server, for all services.", settings: callsSettings },
  { title: "Queues", about: "See [queues](queues.md) and [guarantees](guarantees.md).", settings: queuesSettings },
  {
    title: "Messages",
    about: "See [messages](messages.md) and [the webhook](webhook.md).",
    settings: messagesSettings,
  },
  { title: "Analytics", about: "See [analytics](analytics.md).", settings: analyticsSettings },
];

/** Every setting, once: variable, default, meaning and rule. A process reads its environment only through this list. */
export const settings = {
  ...listenSettings,
  ...operateSettings,
  ...storesSettings,
  ...callsSettings,
  ...queuesSettings,
  ...messagesSettings,
  ...analyticsSettings,
};

/** The valid settings of one process. Durations are in milliseconds. */
export type Config = Readonly<{ [K in keyof typeof settings]: z.output<(typeof settings)[K]["schema"]> }>;
