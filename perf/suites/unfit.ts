import type { Target } from "../watch/target.js";
import { type Scenario, sendsMessages } from "./scenario.js";

type Place = Pick<Target, "primary" | "admin" | "mayMessage">;

/** Why a scenario cannot be run there; undefined: it can. */
function findReason(scenario: Scenario, { primary, admin, mayMessage }: Place): string | undefined {
  if (scenario.tool === "delivery" && primary === undefined) return "needs a cluster of its own";
  if (sendsMessages(scenario) && !mayMessage) {
    return "a service that runs may send them to people: MESSAGES=1 allows it";
  }
  const isScrape = scenario.tool === "autocannon" && scenario.port === "admin";
  return isScrape && admin === undefined ? "needs ADMIN, the address of the admin port" : undefined;
}

/** The phases without what cannot be run there, and a line for each scenario that is left out. */
export function leaveOutUnfit(phases: Scenario[][], place: Place): [Scenario[][], string[]] {
  const fit = phases.map((phase) => phase.filter((scenario) => findReason(scenario, place) === undefined));
  const lines = phases.flat().flatMap((scenario) => {
    const reason = findReason(scenario, place);
    return reason === undefined ? [] : [`${scenario.name} is left out: ${reason}`];
  });
  return [fit.filter((phase) => phase.length > 0), lines];
}
