package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
	"troupe/platforms/definition"
)

// platformCommand groups what can be done with platforms' definitions.
func platformCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "platform", Aliases: []string{"platforms"}, Short: c.t("List, validate, try and roll back the definitions of platforms"),
		Long:    c.t("List, validate, try and roll back the definitions of platforms") + ".\n\n" + c.t(platformText),
		Example: "  troupe platform list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(platformList(c), platformValidate(c), platformTry(c), platformRollback(c), platformRecord(c), platformReplay(c))
	return cmd
}

func platformList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list [PLATFORM]", Aliases: []string{"ls"}, Short: c.t("List the platforms and the version that each runs; of one, every version that it can go back to"),
		Example: "  troupe platform list\n  troupe platform list sandbox", Args: c.args(cobra.MaximumNArgs(1)), ValidArgsFunction: c.completePlatforms,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				var p api.Platform
				if err := cl.get(cmd.Context(), platformPath(args[0]), nil, &p); err != nil {
					return err
				}
				return c.print(p, func() { c.showVersions(p) })
			}
			var list struct {
				Platforms []api.Platform `json:"platforms"`
			}
			if err := cl.get(cmd.Context(), "/platforms", nil, &list); err != nil {
				return err
			}
			return c.print(list, func() { c.platformTable(list.Platforms) })
		},
	}
}

func (c *cli) platformTable(list []api.Platform) {
	var t table
	t.add(c.t("PLATFORM"), c.t("NAME"), c.t("VERSION"), c.t("DIGEST"), c.t("SOURCE"), c.t("ACCOUNTS"))
	for _, p := range list {
		t.add(p.Name, p.Title[string(c.lang)], fmt.Sprint(p.Version), digestShown(p.Digest), c.source(p), fmt.Sprint(p.Accounts))
	}
	t.write(c.out)
	for _, p := range list {
		c.showRefusal(p)
	}
}

// source says where the version that runs came from.
func (c *cli) source(p api.Platform) string {
	switch {
	case p.Digest == "":
		return c.t("none is valid")
	case p.RolledBack:
		return c.t("rolled back, until the folder changes")
	case p.BuiltIn:
		return c.t("built in")
	default:
		return c.t("definitions folder")
	}
}

func (c *cli) showRefusal(p api.Platform) {
	if p.Problem == "" {
		return
	}
	fmt.Fprintln(c.out)
	fmt.Fprintln(c.out, c.f("the version in the definitions folder of %s is refused, what runs stays:", p.Name))
	for line := range strings.Lines(p.Problem) {
		fmt.Fprintln(c.out, "  "+clean(strings.TrimRight(line, "\n")))
	}
}

func (c *cli) showVersions(p api.Platform) {
	var t table
	t.add(c.t("VERSION"), c.t("DIGEST"), c.t("TAKEN UP"), "")
	for _, v := range p.Versions {
		taken, state := clock(v.TakenAt), ""
		if v.BuiltIn {
			taken = c.t("built in")
		}
		if v.Running {
			state = c.t("runs")
		}
		t.add(fmt.Sprint(v.Version), digestShown(v.Digest), taken, state)
	}
	t.write(c.out)
	c.showRefusal(p)
}

func platformRollback(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "rollback PLATFORM [VERSION]", Short: c.t("Run an earlier version of a platform until the definitions folder changes"),
		Example: "  troupe platform rollback sandbox\n  troupe platform rollback sandbox 3",
		Args:    c.args(cobra.RangeArgs(1, 2)), ValidArgsFunction: c.completePlatforms,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var body api.Rollback
			if len(args) == 2 {
				body.Version = args[1]
			}
			var p api.Platform
			if err := cl.post(cmd.Context(), platformPath(args[0])+"/rollback", body, &p); err != nil {
				return err
			}
			return c.print(p, func() {
				fmt.Fprintln(c.out, c.f("%s runs version %d (%s); its accounts take it up between two rounds", p.Name, p.Version, digestShown(p.Digest)))
			})
		},
	}
}

// verdict is what validate says of one definition.
type verdict struct {
	Path     string   `json:"path"`
	Valid    bool     `json:"valid"`
	Platform string   `json:"platform,omitempty"`
	Version  int      `json:"version,omitempty"`
	Digest   string   `json:"digest,omitempty"`
	Problems []string `json:"problems,omitempty"`
}

// errNotValid is the end of a validation that found faults; they were shown.
type errNotValid struct{ text string }

func (e *errNotValid) Error() string { return e.text }

func platformValidate(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "validate PATH...", Short: c.t("Check definitions, without a node: every fault with its file and line"),
		Long:    c.t("Check definitions, without a node: every fault with its file and line") + ".\n\n" + c.t(validateText),
		Example: "  troupe platform validate definitions/sandbox\n  troupe platform validate definitions", Args: c.args(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			var all []verdict
			faults := 0
			for _, path := range args {
				found, err := validateAt(path)
				if err != nil {
					return err
				}
				all = append(all, found...)
			}
			for _, v := range all {
				faults += len(v.Problems)
			}
			if err := c.print(map[string]any{"definitions": all}, func() { c.showVerdicts(all) }); err != nil {
				return err
			}
			if faults > 0 {
				return &errNotValid{c.f("%d faults", faults)}
			}
			return nil
		},
	}
}

func (c *cli) showVerdicts(all []verdict) {
	for _, v := range all {
		if v.Valid {
			fmt.Fprintln(c.out, c.f("%s: ok: %s version %d (%s)", v.Path, v.Platform, v.Version, digestShown(v.Digest)))
		}
		for _, p := range v.Problems {
			fmt.Fprintln(c.out, clean(p))
		}
	}
}

// validateAt checks the definition at path: its folder or its file; or each one in a folder of definitions.
func validateAt(path string) ([]verdict, error) {
	if filepath.Base(path) == definition.File {
		path = filepath.Dir(path)
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return nil, &errUsage{fmt.Sprintf("%s: no folder of a definition, and no %s", path, definition.File)}
	}
	if _, err := os.Stat(filepath.Join(path, definition.File)); err == nil {
		d, err := definition.Load(os.DirFS(path))
		return []verdict{verdictOf(path, d, err)}, nil
	}
	loaded, err := definition.LoadDir(os.DirFS(path))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(loaded) == 0 {
		return nil, &errUsage{fmt.Sprintf("%s: no %s in it or in a folder below it", path, definition.File)}
	}
	var all []verdict
	for _, one := range loaded {
		all = append(all, verdictOf(filepath.Join(path, one.Folder), one.Definition, one.Err))
	}
	return all, nil
}

func verdictOf(path string, d *definition.Definition, err error) verdict {
	v := verdict{Path: path, Valid: err == nil}
	problems, ok := errors.AsType[definition.Problems](err)
	switch {
	case ok:
		for _, p := range problems {
			v.Problems = append(v.Problems, filepath.Join(path, p.String()))
		}
	case err != nil:
		v.Problems = []string{path + ": " + err.Error()}
	default:
		v.Platform, v.Version, v.Digest = string(d.Platform), d.Version, d.Digest
	}
	return v
}

// digestShown is a digest as people read and type it.
func digestShown(digest string) string { return digest[:min(len(digest), 12)] }

func platformPath(name string) string { return "/platforms/" + url.PathEscape(name) }

// filesAt reads the definition in a folder, and refuses one with faults before any node is asked.
func (c *cli) filesAt(path string) (map[string]string, error) {
	if filepath.Base(path) == definition.File {
		path = filepath.Dir(path)
	}
	files, err := definition.Files(os.DirFS(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &errUsage{fmt.Sprintf("%s: there is no %s", path, definition.File)}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	d, err := definition.Parse(files)
	if v := verdictOf(path, d, err); !v.Valid {
		c.showVerdicts([]verdict{v})
		return nil, &errNotValid{c.f("%d faults", len(v.Problems))}
	}
	return files, nil
}

// completePlatforms offers the platforms' names to the shell.
func (c *cli) completePlatforms(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cl, err := c.client()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list struct{ Platforms []api.Platform }
	if cl.get(cmd.Context(), "/platforms", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, p := range list.Platforms {
		names = append(names, p.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
