/**
 * How much of this machine's memory its processes may use, in bytes. A container may allow less than the machine has.
 */
export function limitOf(machineBytes: number): number {
  // Without a limit the value is 0, or more than the machine has.
  const constrained = process.constrainedMemory() ?? 0;
  return constrained > 0 ? Math.min(constrained, machineBytes) : machineBytes;
}
