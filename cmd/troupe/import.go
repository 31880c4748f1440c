package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/roster"
)

// listMost is how much of a list or folder one import may hold, in bytes.
const listMost = 24 << 20

// importList adds the accounts of a list or folder, once a dry run was seen and confirmed.
func (c *cli) importList(cmd *cobra.Command, cl *client, from string, body api.NewImport, sure bool) error {
	if err := c.readImport(from, &body); err != nil {
		return err
	}
	dryOnly := body.DryRun
	body.DryRun = true
	var seen api.Import
	if err := cl.post(cmd.Context(), "/accounts/import", body, &seen); err != nil {
		return err
	}
	if dryOnly || !c.json {
		if err := c.print(seen, func() { c.importTable(seen) }); err != nil || dryOnly {
			return err
		}
	}
	ready := len(seen.Rows) - seen.Refused
	if !sure {
		fmt.Fprint(c.errs, c.f("Add what is ready, %d at most? Type yes to go on: ", ready))
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		if strings.TrimSpace(line) != "yes" {
			return &errUsage{c.t("not confirmed; nothing was written (use --yes to skip the question)")}
		}
	}
	body.DryRun = false
	var done api.Import
	if err := cl.post(cmd.Context(), "/accounts/import", body, &done); err != nil {
		return err
	}
	return c.print(done, func() {
		c.importTable(done)
		fmt.Fprintln(c.out, c.f("added %d accounts, refused %d", done.Added, done.Refused))
	})
}

func (c *cli) importTable(seen api.Import) {
	var t table
	t.add(c.t("PLACE"), c.t("ACCOUNT"), c.t("PLATFORM"), c.t("NAME"), c.t("OUTCOME"), c.t("LOGIN"), c.t("REASON"))
	for _, row := range seen.Rows {
		login := c.t("by QR code")
		if row.Login != nil {
			login = c.f("%d cookies", row.Login.Cookies)
		}
		t.add(clean(row.Place), row.Account, clean(row.Platform), short(clean(row.Name), 24), c.t(row.Outcome), login, clean(row.Message))
	}
	t.write(c.out)
}

// readImport reads a CSV file, or what is wanted of a folder.
func (c *cli) readImport(from string, body *api.NewImport) error {
	info, err := os.Stat(from)
	if err != nil {
		return &errUsage{err.Error()}
	}
	if !info.IsDir() {
		text, err := os.ReadFile(from)
		if err != nil {
			return &errUsage{err.Error()}
		}
		body.CSV = string(text)
		return c.notTooMuch(from, len(text))
	}
	body.Files = map[string]string{}
	total := 0
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), "browser_"):
			return filepath.SkipDir // a whole profile
		case !entry.Type().IsRegular() || !roster.Wanted(entry.Name()):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		body.Files[filepath.ToSlash(name)] = string(text)
		total += len(text)
		return c.notTooMuch(from, total)
	})
	if err != nil {
		return &errUsage{err.Error()}
	}
	if len(body.Files) == 0 {
		return &errUsage{c.f("%s holds no storage states and no list of accounts", from)}
	}
	return nil
}

func (c *cli) notTooMuch(from string, size int) error {
	if size > listMost {
		return &errUsage{c.f("%s holds more than %d MB: bring it in by parts", from, listMost>>20)}
	}
	return nil
}
