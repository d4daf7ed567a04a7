/** nginx with WebDAV (Debian: nginx-light and libnginx-mod-http-dav-ext). */
import { type RunningServer, startServer } from "./process.ts";

const MODULE = "/usr/lib/nginx/modules/ngx_http_dav_ext_module.so";

/** Starts nginx over an empty directory; `undefined` where it, or its dav-ext module, is not installed. */
export function startNginx(): Promise<RunningServer | undefined> {
  return startServer({
    program: "nginx",
    needs: [MODULE],
    async configure(home, root, port) {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const paths = temporary.map((name) => `${name}_temp_path ${home}/${name};`).join(" ");
      // Only the superuser may, and must, name whom the workers run as.
      const user = Deno.uid() === 0 ? "user root;" : "";
      await Deno.writeTextFile(
        `${home}/nginx.conf`,
        `${user} daemon off; pid ${home}/pid; error_log stderr crit; worker_processes 1;
load_module ${MODULE};
events { worker_connections 256; }
http {
  access_log off; ${paths}
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    client_max_body_size 0;
    dav_methods PUT DELETE MKCOL COPY MOVE;
    dav_ext_methods PROPFIND OPTIONS;
    dav_access user:rw;
  }
}
`,
      );
      return ["-c", `${home}/nginx.conf`, "-p", home, "-e", "stderr"];
    },
  });
}
