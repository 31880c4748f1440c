package main

import (
	"github.com/spf13/cobra"
)

// completionCommand prints the script that teaches a shell the commands, the flags and the accounts' ids.
func completionCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: c.t("Print the completion script for bash, zsh, fish or powershell"),
		Long:    c.t("Print the completion script for bash, zsh, fish or powershell") + ".\n\n" + c.t(completionText),
		Example: "  troupe completion bash > troupe.bash\n  troupe completion zsh > _troupe\n  troupe completion fish > troupe.fish",
		Args:    c.args(cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs)),

		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "zsh":
				return root.GenZshCompletion(c.out)
			case "fish":
				return root.GenFishCompletion(c.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(c.out)
			}
			return root.GenBashCompletionV2(c.out, true)
		},
	}
}
