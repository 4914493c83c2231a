/** What is to be seen of a fault while it lasts. */
export interface Truth {
  /** What stands in /healthz of the admin port, and what of a check. */
  health: "OK" | "DEGRADED" | "DOWN";
  check?: [name: string, status: "DEGRADED" | "DOWN"];
  /** The services that grpc.health.v1 says are NOT_SERVING. */
  notServing: string[];
  /** An expression on the metrics that holds. */
  metric: string;
  /** The alert whose expression holds. */
  alert: string;
}

const analytics = "posta.analytics.v1.AnalyticsService";
const message = "posta.message.v1.MessageService";

/** By what goes wrong, and how. The queue goes on in each case: there are a spool, another server, and time. */
export const truths: Record<string, Record<string, Truth>> = {
  "redis-queue": {
    killed: lostStore("redis-queue", []),
    stopped: lostStore("redis-queue", []),
    slowed: slowStore("redis-queue"),
  },
  "redis-analytics": {
    killed: lostStore("redis-analytics", [analytics]),
    stopped: lostStore("redis-analytics", [analytics]),
    slowed: slowStore("redis-analytics"),
  },
  postgres: {
    killed: lostStore("postgres", [message]),
    stopped: lostStore("postgres", [message]),
    slowed: slowStore("postgres"),
  },
  server: {
    killed: { health: "DEGRADED", notServing: [], metric: "posta_server_restarts > 0", alert: "PostaProcessRestarted" },
    stopped: {
      health: "DEGRADED",
      check: ["event-loop", "DOWN"],
      notServing: [],
      metric: "posta_servers_serving == 1 and posta_processes_silent == 1",
      alert: "PostaServersMissing",
    },
    slowed: {
      health: "DEGRADED",
      check: ["event-loop", "DEGRADED"],
      notServing: [],
      metric: "nodejs_eventloop_lag_p99_seconds > 0.4",
      alert: "PostaEventLoopHeldUp",
    },
  },
  delivery: {
    killed: {
      health: "DEGRADED",
      notServing: [],
      metric: "posta_delivery_restarts > 0",
      alert: "PostaProcessRestarted",
    },
    stopped: {
      health: "DEGRADED",
      check: ["delivery", "DOWN"],
      notServing: [],
      metric: "posta_deliveries_serving == 0",
      alert: "PostaDeliveryNotServing",
    },
    slowed: {
      health: "OK",
      notServing: [],
      metric: "nodejs_eventloop_lag_p99_seconds > 0.4",
      alert: "PostaEventLoopHeldUp",
    },
  },
};

function lostStore(store: string, notServing: string[]): Truth {
  return {
    health: "DEGRADED",
    check: [store, "DOWN"],
    notServing,
    metric: `posta_store_up{store="${store}"} == 0`,
    alert: "PostaStoreDown",
  };
}

function slowStore(store: string): Truth {
  return {
    health: "DEGRADED",
    check: [store, "DEGRADED"],
    notServing: [],
    metric: `posta_store_up{store="${store}"} == 1`,
    alert: "PostaStoreSlow",
  };
}
