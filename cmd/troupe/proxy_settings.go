package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// proxySettings are what a command line says of a proxy: a URL, flags that win over it, and a password from neither.
type proxySettings struct {
	scheme, host, user string
	port               int64
	stdin              bool
	password           string
}

func (s *proxySettings) flags(c *cli, cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.scheme, "scheme", "", c.t("http, https or socks5"))
	cmd.Flags().StringVar(&s.host, "host", "", c.t("name or address of the proxy"))
	cmd.Flags().Int64Var(&s.port, "port", 0, c.t("its port"))
	cmd.Flags().StringVar(&s.user, "user", "", c.t("user name; the password is asked for"))
	cmd.Flags().BoolVar(&s.stdin, "password-stdin", false, c.t("read the password from the first line of the standard input"))
	_ = cmd.RegisterFlagCompletionFunc("scheme", cobra.FixedCompletions([]string{"http", "https", "socks5"}, cobra.ShellCompDirectiveNoFileComp)) // fails only for an unknown flag
}

// complete takes in the URL, if there is one, and gets the password of a user.
func (s *proxySettings) complete(c *cli, args []string) error {
	if len(args) > 0 {
		if err := s.take(args[0]); err != nil {
			return &errUsage{c.f("%v; write it like socks5://user@host:port", err)}
		}
		if s.password != "" {
			c.progress("warning: other users of this machine can see a password in a command line, and the shell keeps it; leave it out, and it is asked for")
		}
	}
	switch file, isFile := c.in.(*os.File); {
	case s.stdin:
		return s.readLine(c)
	case s.user != "" && s.password == "" && isFile && term.IsTerminal(int(file.Fd())):
		return s.ask(c, int(file.Fd()))
	}
	return nil
}

// take reads a proxy's URL. Its errors never repeat it: it may hold a password.
func (s *proxySettings) take(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("this is no URL")
	case u.Scheme == "" || u.Hostname() == "":
		return errors.New("the URL has no scheme or no host")
	case u.Port() == "":
		return errors.New("the URL has no port")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("the URL has more than scheme, user, host and port")
	}
	port, err := strconv.ParseInt(u.Port(), 10, 32)
	if err != nil {
		return errors.New("the URL's port is no number")
	}
	unlessSet(&s.scheme, u.Scheme)
	unlessSet(&s.host, u.Hostname())
	unlessSet(&s.port, port)
	unlessSet(&s.user, u.User.Username())
	s.password, _ = u.User.Password()
	return nil
}

// unlessSet sets what no flag has set.
func unlessSet[T comparable](what *T, value T) {
	var none T
	if *what == none {
		*what = value
	}
}

// passwordMost is more than any proxy takes.
const passwordMost = 4 << 10

func (s *proxySettings) readLine(c *cli) error {
	line, err := bufio.NewReader(io.LimitReader(c.in, passwordMost)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read password: %w", err)
	}
	if s.password = strings.TrimRight(line, "\r\n"); s.password == "" {
		return &errUsage{c.t("--password-stdin: there is no password in the standard input")}
	}
	return nil
}

// ask reads the password from the terminal without showing it.
func (s *proxySettings) ask(c *cli, terminal int) error {
	fmt.Fprint(c.errs, c.f("Password of %s (empty = none, or as it was): ", clean(s.user)))
	typed, err := term.ReadPassword(terminal)
	fmt.Fprintln(c.errs)
	if err != nil {
		return fmt.Errorf("read password: %w", err)
	}
	s.password = string(typed)
	return nil
}

func hostPort(host string, port int64) string {
	return net.JoinHostPort(host, strconv.FormatInt(port, 10))
}
