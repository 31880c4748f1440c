package main

import (
	"bufio"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

// deploy is where units, images and settings stand.
const deploy = "../../deploy"

// told are all files that tell people and machines how to run a node, by name.
func told(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(path, "../../")] = string(text)
	}
	if err := filepath.WalkDir(deploy, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			add(path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	add(filepath.Join(docs, "operations.md"))
	return all
}

// variables are those that the program reads, and a few of others that the documents name.
func variables() []string {
	names := []string{"DATA_DIR", "TROUPE_TOKEN", "TROUPE_ADDR"}
	for _, s := range settings {
		names = append(names, s.env)
	}
	return names
}

var foreignWords = []string{"SIGTERM", "SIGKILL", "ERROR", "CARRIES", "ACCOUNT", "PLATFORM", "PROXY", "FILE", "DIR", "NAME"}

func TestEveryVariableOfDeployIsTheProgramsOwn(t *testing.T) {
	known := variables()
	set := regexp.MustCompile(`(?m)^(?:#|Environment=|ENV )?([A-Z][A-Z_]+)=`)
	image := regexp.MustCompile(`(?m)^ENV (.*)$`)
	backquoted := regexp.MustCompile("`([A-Z][A-Z_]{2,})(?:=[^`]*)?`")
	found := 0
	for file, text := range told(t) {
		var names []string
		for _, m := range set.FindAllStringSubmatch(text, -1) {
			if !strings.HasSuffix(file, ".service") || strings.Contains(m[0], "Environment=") {
				names = append(names, m[1])
			}
		}
		for _, m := range image.FindAllStringSubmatch(text, -1) {
			for pair := range strings.FieldsSeq(m[1]) {
				name, _, _ := strings.Cut(pair, "=")
				names = append(names, name)
			}
		}
		for _, m := range backquoted.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		for _, name := range names {
			found++
			if !slices.Contains(known, name) && !slices.Contains(foreignWords, name) {
				t.Errorf("%s names %s, which the program does not read", file, name)
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d variables found", found)
	}
}

// commandsOf are the command lines that a text shows: between backquotes, in a shell's block, and those that compose is told to run.
func commandsOf(text string) (lines []string) {
	for _, m := range regexp.MustCompile("`troupe ([^`]+)`").FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1])
	}
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for _, m := range regexp.MustCompile(`(?m)^troupe ([^#|&\n]+)`).FindAllStringSubmatch(block[1], -1) {
			lines = append(lines, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`exec master troupe (.+)`).FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1])
	}
	return lines
}

func TestEveryCommandOfDeployIsTheProgramsOwn(t *testing.T) {
	found := 0
	for file, text := range told(t) {
		for _, line := range commandsOf(text) {
			found++
			if err := understood(strings.Fields(line)); err != nil {
				t.Errorf("%s: troupe %s: %v", file, line, err)
			}
		}
	}
	if found < 25 {
		t.Errorf("only %d commands found", found)
	}
}

// understood says what is wrong with a command line, without running it. One may be named without its arguments.
func understood(words []string) error {
	root := rootCommand(&cli{lang: english, getenv: func(string) string { return "" }})
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if args := cmd.Flags().Args(); len(args) > 0 {
		return cmd.ValidateArgs(args)
	}
	return nil
}

// envOf reads an environment file, with what stands in comments.
func envOf(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(deploy, "systemd", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	values := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if m := regexp.MustCompile(`^#?([A-Z_]+)=(.*)$`).FindStringSubmatch(lines.Text()); m != nil {
			values[m[1]] = m[2]
		}
	}
	return values
}

// TestSettingsOfDeployAreAccepted fills a node's settings from each environment file and each service, as the program does.
func TestSettingsOfDeployAreAccepted(t *testing.T) {
	check := func(name string, env map[string]string) {
		cfg := &config{}
		cmd := &cobra.Command{}
		c := &cli{lang: english}
		c.nodeFlags(cmd.Flags(), cfg)
		if strings.HasSuffix(env["JOIN_TOKEN"], "...") || strings.HasPrefix(env["JOIN_TOKEN"], "${") {
			delete(env, "JOIN_TOKEN")
		}
		if err := fill(cmd, "", func(name string) string { return env[name] }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := cfg.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if dir := env["DATA_DIR"]; dir != "" && dir != "/var/lib/troupe" {
			t.Errorf("%s has its data in %s, the units and the image in /var/lib/troupe", name, dir)
		}
	}
	check("master.env", envOf(t, "master.env"))
	worker := envOf(t, "worker.env")
	worker["WORKER_ID"] = "worker-2" // the unit's
	check("worker.env", worker)
	for name, service := range composed(t).Services {
		check("compose.yaml "+name, service.Environment)
	}
}

type composeFile struct {
	Services map[string]struct {
		Environment map[string]string
		Ports       []string
		Volumes     []string
		Grace       string `yaml:"stop_grace_period"`
		Networks    struct {
			Cluster struct {
				Address string `yaml:"ipv4_address"`
			}
		}
	}
	Volumes map[string]any
}

func composed(t *testing.T) (c composeFile) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, "docker", "compose.yaml"))
	if err == nil {
		err = yaml.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposedNodesReachEachOther(t *testing.T) {
	c := composed(t)
	if len(c.Services) != 3 {
		t.Fatalf("%d services", len(c.Services))
	}
	master := c.Services["master"]
	ids := map[string]bool{}
	for name, s := range c.Services {
		env := s.Environment
		if env["CLUSTER_HOST"] != s.Networks.Cluster.Address || env["CLUSTER_HOST"] == "" {
			t.Errorf("%s is told %s and has %s", name, env["CLUSTER_HOST"], s.Networks.Cluster.Address)
		}
		if ids[env["WORKER_ID"]] || env["WORKER_ID"] != name {
			t.Errorf("%s is called %s", name, env["WORKER_ID"])
		}
		ids[env["WORKER_ID"]] = true
		if name != "master" && env["JOIN"] != master.Environment["CLUSTER_HOST"]+":"+master.Environment["MASTER_PORT"] {
			t.Errorf("%s joins %s", name, env["JOIN"])
		}
		volume, _, _ := strings.Cut(s.Volumes[0], ":")
		if _, named := c.Volumes[volume]; !named || !strings.HasSuffix(s.Volumes[0], ":/var/lib/troupe") {
			t.Errorf("%s has its data in %v", name, s.Volumes)
		}
		if grace, err := time.ParseDuration(s.Grace); err != nil || grace < stopLimit {
			t.Errorf("%s is killed after %s; to stop may take %s", name, s.Grace, stopLimit)
		}
	}
	if want := "127.0.0.1:3000:" + master.Environment["MASTER_PORT"]; !slices.Contains(master.Ports, want) {
		t.Errorf("ports %v", master.Ports)
	}
}

// stopLimit is the longest that a node may take to stop in order.
const stopLimit = moveLimit + drainLimit + settleLimit + flushLimit

func TestPortsAreTheSameEverywhere(t *testing.T) {
	text := told(t)["docs/operations.md"]
	table := regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (\\d+) \\|").FindAllStringSubmatch(text, -1)
	if len(table) != 5 {
		t.Fatalf("%d ports in the table", len(table))
	}
	master, worker, image := envOf(t, "master.env"), envOf(t, "worker.env"), told(t)["deploy/docker/Dockerfile"]
	for _, row := range table {
		name, port := row[1], row[2]
		for file, env := range map[string]map[string]string{"master.env": master, "worker.env": worker, "compose master": composed(t).Services["master"].Environment, "compose worker-1": composed(t).Services["worker-1"].Environment} {
			if value := env[name]; value != "" && value != port && !strings.HasSuffix(value, ":"+port) {
				t.Errorf("%s: %s is %s, in the document %s", file, name, value, port)
			}
		}
		if !regexp.MustCompile(`(?m)^EXPOSE.*\b` + port + `\b`).MatchString(image) {
			t.Errorf("the image does not expose %s (%s)", port, name)
		}
	}
	cfg := &config{}
	(&cli{lang: english}).nodeFlags((&cobra.Command{}).Flags(), cfg)
	if master["MASTER_PORT"] != "3000" || cfg.MasterPort != 3000 {
		t.Errorf("the gateway's port is %d, in master.env %s", cfg.MasterPort, master["MASTER_PORT"])
	}
}

func TestUnitsAreAcceptedBySystemdAndWaitForTheEnd(t *testing.T) {
	dir := t.TempDir()
	units, err := filepath.Glob(filepath.Join(deploy, "systemd", "*.service"))
	if err != nil {
		t.Fatal(err)
	}
	units = append(units, filepath.Join(deploy, "systemd", "troupe-backup.timer"))
	if len(units) != 4 {
		t.Fatalf("units: %v", units)
	}
	var copies []string
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		command := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/troupe (.*)$`).FindStringSubmatch(string(text))
		if filepath.Ext(unit) == ".service" {
			if command == nil {
				t.Fatalf("%s starts something else", unit)
			}
			if err := understood(strings.Fields(command[1])); err != nil {
				t.Errorf("%s: %v", unit, err)
			}
		}
		if wait := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(string(text)); wait != nil {
			if d, err := time.ParseDuration(wait[1] + "s"); err != nil || d < stopLimit || !strings.Contains(string(text), "\nKillMode=mixed\n") {
				t.Errorf("%s is killed after %s s, or its browsers are told to end; to stop may take %s", unit, wait[1], stopLimit)
			}
		}
		name := filepath.Join(dir, filepath.Base(unit)) // systemd wants the program to be there
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/troupe", "/bin/true")), 0o600); err != nil {
			t.Fatal(err)
		}
		copies = append(copies, name)
	}
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("not verified by systemd: there is no systemd-analyze here")
		return
	}
	if out, err := exec.CommandContext(t.Context(), verify, append([]string{"verify"}, copies...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}
