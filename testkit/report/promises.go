package main

// promises are those of the design, each with the tests that prove most of it. The report's own test holds their names against the sources.
var promises = []struct {
	name, says string
	tests      []string
}{
	{"P1", "one browser per account", []string{
		"TestAtMostOneHolderAtAnyInstantAndNothingStranded", "TestNeverTwoOpenFencesForOneAccount", "TestShutGateLetsNoByteOut",
		"TestStoppedGateLetsNothingOutAfterItsLease", "TestStoppedNodeSendsNothingAfterItsLease", "TestNothingOfChromiumGoesRoundTheGateAsRoot",
		"TestClusterPartitionNeverHasTwoBrowsersAsRoot", "TestClusterStoppedWorkerSendsNothingWhenItGoesOn",
		"TestClusterStoppedMasterReassignsNothing", "TestClusterClockStepsMoveAndLoseNothing",
		"TestClusterHealedWithTwoMastersKeepsTheFirstAsRoot",
	}},
	{"P2", "nothing lost, nothing doubled", []string{
		"TestACrashAtAnyPointLosesNothingThatWasAcknowledged", "TestMergingAgainChangesNothing", "TestAnItemIsNewAndAnnouncedOnce",
		"TestEveryLetterArrivesOnceAndInOrder", "TestTenMinutesOfflineAreMadeGoodByOneRequest", "TestReadMarksNeverFallBackAndBadgesAreTheUnreadItems",
		"TestClusterKilledAtRandomLosesNothing", "TestMasterRestoredFromABackupKeepsLogins", "TestClusterWorkerWithoutAMasterEndsInOrder",
		"TestClusterMasterWithAFullDiskKeepsWhatItAcknowledgedAsRoot", "TestClusterWorkerWithAFullDiskDisturbsNobodyAsRoot",
	}},
	{"P3", "a reply is sent at most once, to the right person, and always ends", []string{
		"TestReplyKilledAtEachStepIsPostedAtMostOnceAndEnds", "TestReplyStandsOnceUnderItsTargetOrSaysWhyNot", "TestNoReplyReachesTheWrongPerson",
		"TestReplyIsTypedOnlyWithATicket", "TestUnknownReplyIsSettledByThreeReadsAndNeverTypedAgain", "TestClusterLostHostIsReplacedAsRoot",
	}},
	{"P4", "a login outlives its browser, its process and its node", []string{
		"TestWholeLoginOutlivesRotationProfileAndFolder", "TestNodeKilledThreeSecondsAfterALoginReapsAndIsStillLoggedIn",
		"TestProfileIsUsedOnlyAsItWasClosed", "TestNodeWorkersFolderComesInLoggedIn", "TestClusterPlacesEvenlyAndDrainsLoggedIn",
		"TestClusterKilledWorkerIsBackAtOnce",
	}},
	{"P5", "empty is never mistaken for quiet", []string{
		"TestTroubleIsANamedStateAndNeverZeroMessages", "TestAMissingKeyIsNeverAnEmptyList", "TestRecordingIsMappedAndEveryMutationNoticed",
		"TestPageThatMisbehavesEndsInANamedStateAndDisturbsNobody", "TestEachWayOfAProxyToFailHasItsClassWithinFiveSeconds",
	}},
	{"P6", "seconds, not half minutes", []string{
		"TestPushesAreNotHeldUpByARound", "TestDeadBrowserAndDeadPageComeBackLoggedInWhileOthersGoOn", "TestClusterMasterDiesAndNoGateShuts",
		"TestClusterUpgradedMasterShutsNoGate",
	}},
	{"P7", "the old PC IM client works unchanged, and a stranger gets in nowhere", []string{
		"TestContractRowByRow", "TestUnmodifiedClientsDay", "TestNpmClientsWork", "TestEngineIOProtocol", "TestSocketIOProtocol", "TestNoConnectIsLost",
		"TestEveryRouteLetsInWhomItsRowNames", "TestEveryEventLetsInWhomItsRowNames", "TestConsoleRunsNothingThatAStrangerWrote",
		"TestNodesThatDoNotBelongAreRefusedWithALineOnBothSides",
	}},
	{"P8", "site changes are data, not releases", []string{
		"TestPlatformConforms", "TestEditedDefinitionIsAtWorkWithinFiveSecondsAndABrokenOneIsNamed", "TestArchitectureIsThePlatforms",
		"TestRecordedRoundHappensAgainInChromium", "TestVersionIsTakenUpBetweenTwoRoundsWithoutAnotherBrowser",
		"TestClusterDefinitionIsAtWorkOnEveryNodeAndOneThatIsBehindSaysSo",
	}},
}
