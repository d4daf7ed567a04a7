/** Apache with mod_dav (Debian: apache2). */
import { type RunningServer, startServer } from "./process.ts";

const MODULES = "/usr/lib/apache2/modules";

/** Starts Apache over an empty directory; `undefined` where it is not installed. */
export function startApache(): Promise<RunningServer | undefined> {
  return startServer({
    program: "apache2",
    needs: [`${MODULES}/mod_dav_fs.so`],
    async configure(home, root, port) {
      let user = "";
      if (Deno.uid() === 0) {
        // Apache refuses to serve as the superuser.
        user = "User www-data\nGroup www-data";
        await new Deno.Command("chown", { args: ["-R", "www-data:www-data", home] }).output();
        await Deno.chmod(home, 0o755);
      }
      const modules = ["mpm_event", "authz_core", "dir", "dav", "dav_fs"];
      await Deno.writeTextFile(
        `${home}/httpd.conf`,
        `${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
${user}
ServerName 127.0.0.1
ServerRoot ${home}
Listen 127.0.0.1:${port}
PidFile ${home}/pid
ErrorLog /dev/stderr
LogLevel crit
DocumentRoot ${root}
DavLockDB ${home}/locks
KeepAliveTimeout 60
MaxKeepAliveRequests 0
AllowEncodedSlashes NoDecode
<Directory ${root}>
  Require all granted
  Dav On
</Directory>
`,
      );
      return ["-f", `${home}/httpd.conf`, "-DFOREGROUND"];
    },
  });
}
