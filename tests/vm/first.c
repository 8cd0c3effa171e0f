/* The first process of the test machine's initrd: there is no shell in it and
 * no shared library, only this and the program that is tested.
 *
 * It opens the secrets of the manifest in the initrd, tells how that ended,
 * and goes over to the root file system with what is in /run. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void give_up(const char *what) {
  fprintf(stderr, "initrd: cannot %s: %s\n", what, strerror(errno));
  sleep(1);
  reboot(RB_POWER_OFF);
  _exit(1);
}

static void mount_on(const char *kind, const char *place, unsigned long flags, const char *options) {
  mkdir(place, 0755);
  if (mount(kind, place, kind, flags, options) != 0)
    give_up(place);
}

/* Exit status of the program, or 255. */
static int run(char *const arguments[]) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    char *const environment[] = {NULL};
    execve(arguments[0], arguments, environment);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
    return 255;
  return WEXITSTATUS(status);
}

static void mount_root(void) {
  mkdir("/root", 0755);
  for (int tries = 0; mount("/dev/nvme0n1", "/root", "ext4", 0, "") != 0; tries++) {
    if (tries == 200)
      give_up("mount the disk");
    usleep(100000);
  }
}

static void move_to_root(const char *place) {
  char target[64];
  snprintf(target, sizeof target, "/root%s", place);
  if (mount(place, target, NULL, MS_MOVE, NULL) != 0)
    give_up("move a file system to the root");
}

int main(void) {
  mount_on("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
  int console = open("/dev/console", O_RDWR);
  for (int number = 0; console >= 0 && number < 3; number++)
    dup2(console, number);
  mount_on("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
  mount_on("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
  mount_on("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755");

  char *const activate[] = {"/nixseal", "activate", "--ignore-passwd", "/manifest.json", NULL};
  int status = run(activate);
  FILE *note = fopen("/run/initrd-status", "w");
  if (note == NULL)
    give_up("write the status");
  fprintf(note, "%d\n", status);
  fclose(note);

  mount_root();
  const char *const moved[] = {"/dev", "/proc", "/sys", "/run"};
  for (int index = 0; index < 4; index++)
    move_to_root(moved[index]);
  unlink("/identity.txt");
  if (chdir("/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
    give_up("go over to the root");
  execl("/sbin/init", "/sbin/init", (char *)NULL);
  give_up("start systemd");
}
