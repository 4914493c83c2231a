/** The BullMQ queue of a sending number. */
export function queueOf(sender: string): string {
  return `posta-whatsapp-${sender}`;
}

/** A message as a job names it: enough to know whether it may be sent now. */
export interface DeliveryJob {
  id: string;
  recipient: string;
  /** Which time it is that the outbox sends it out; one of an earlier time does nothing. */
  turn: number;
}

/** What a job carries. */
export interface JobData {
  to: string;
  turn: number;
}

/** BullMQ adds no job whose id is there: so each turn of a message is put into its queue once. */
export function jobIdOf({ id, turn }: Pick<DeliveryJob, "id" | "turn">): string {
  return `${id}-${turn}`;
}

/** The delivery job that a job of BullMQ stands for. */
export function toDeliveryJob(jobId: string, { to, turn }: JobData): DeliveryJob {
  return { id: jobId.slice(0, jobId.lastIndexOf("-")), recipient: to, turn };
}
