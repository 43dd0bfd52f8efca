"""Make true what is wanted: start, adopt, watch and stop the runners of all jobs."""
