// Alarms: what is wrong with a member, as the whole cluster is told. While one is raised, some commands are refused.
/** etcd's numbers. Others can be raised and mean nothing. */
export const ALARM = { none: 0, noSpace: 1, corrupt: 2 } as const;

export interface Alarm {
  /** As the request said: 0 if it named none. */
  readonly member: bigint;
  /** A number of ALARM, or another. */
  readonly alarm: number;
  /** Raised because a quota was reached: the leader lowers it again when there is room. */
  readonly byQuota: boolean;
}
