// Files that the program reads at run time and the compiler does not carry over.
import { cpSync } from "node:fs";

cpSync("proto", "dist/proto", { recursive: true });
cpSync("src/store/lua", "dist/src/store/lua", { recursive: true });
cpSync("src/store/migrations", "dist/src/store/migrations", { recursive: true });
cpSync("src/gen/contract.binpb", "dist/src/gen/contract.binpb");
cpSync("slo/targets.json", "dist/slo/targets.json");
cpSync("cluster/admin/status-page.html", "dist/cluster/admin/status-page.html");
